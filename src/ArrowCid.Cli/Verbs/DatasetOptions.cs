using System.CommandLine;
using System.Globalization;

namespace ArrowCid.Cli.Verbs;

/// <summary>The options of <c>put</c> that make a dataset of what is put.</summary>
internal sealed class DatasetOptions
{
    private const string PerDirectory = "directory", PerFile = "file";

    private readonly Option<string?> _name = new("--dataset")
    {
        HelpName = "NAME",
        Description = "Make a dataset of all batches, in order, and give it this name: a line more, " +
            "CID  ROWS  BYTES  NAME  new|known. The tags and other metadata are also the dataset's.",
    };

    private readonly Option<string[]> _meta = new("--dataset-meta")
    {
        HelpName = "K=V",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        Description = "What the dataset says of itself, part of its CID; may be given several times.",
    };

    private readonly Option<string[]> _parents = new("--dataset-parent")
    {
        HelpName = "CID",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        Description =
            "A dataset that this one was made of, by CID or name; part of its CID; may be given several times.",
    };

    private readonly Option<bool> _append = new("--append")
    {
        Description = "Add the batches to the dataset that --dataset names, as a new version of it with the old " +
            "batches before them. Appends of several processes at once keep the batches of all.",
    };

    private readonly Option<string?> _per = new("--dataset-per")
    {
        Description = "Make one dataset per directory or per file, named by its path below the directory that was " +
            "named, without the extension, and after --dataset where that is given.",
    };

    public DatasetOptions()
    {
        _per.AcceptOnlyFromAmong(PerDirectory, PerFile);
        _meta.Validators.Add(result =>
        {
            foreach (System.CommandLine.Parsing.Token token in result.Tokens)
            {
                if (Assignment.Fault(token.Value) is { } fault) result.AddError($"--dataset-meta: {fault}");
            }
        });
    }

    public void AddTo(Command verb)
    {
        verb.Add(_name);
        verb.Add(_meta);
        verb.Add(_parents);
        verb.Add(_append);
        verb.Add(_per);
        verb.Validators.Add(result =>
        {
            bool saysMore = result.GetResult(_meta) is not null || result.GetResult(_parents) is not null;
            bool makesOne = result.GetResult(_name) is not null || result.GetResult(_per) is not null;
            if (saysMore && !makesOne) result.AddError("--dataset-meta and --dataset-parent go with --dataset.");
            if (result.GetValue(_append) && !makesOne) result.AddError("--append goes with --dataset.");
            if (result.GetValue(_append) && saysMore)
            {
                result.AddError("--append keeps the metadata and parents of the dataset; leave out --dataset-meta " +
                    "and --dataset-parent.");
            }

            if (makesOne && result.GetResult("--name") is not null)
                result.AddError("--dataset names the dataset; leave out --name.");
        });
    }

    /// <summary>Divides the files by the dataset that is made of them.</summary>
    /// <exception cref="ArrowCidException">Two groups would have one name, or a group has none.</exception>
    public Group[] Groups(ParseResult parsed, IReadOnlyList<InputFile> files)
    {
        string? name = parsed.GetValue(_name), per = parsed.GetValue(_per);
        if (per is null) return [new Group(name, [.. files.Select(file => file.Path)])];
        var groups = new List<(string Name, string Place, List<string> Files)>();
        foreach (InputFile file in files)
        {
            if (file.Path == "-")
            {
                throw new ArrowCidException(ErrorCode.InvalidArgument,
                    "--dataset-per goes by paths; standard input has none");
            }

            bool isOfRoot = per == PerDirectory && file.Folder == file.Root && !file.Relative.Contains('/');
            string own = per == PerFile ? file.Stem : file.Folder;
            string full = name is null ? own : isOfRoot ? name : $"{name}/{own}";
            string place = per == PerFile ? file.Path : Path.GetDirectoryName(Path.GetFullPath(file.Path))!;
            int at = groups.FindIndex(group => group.Name == full);
            if (at < 0)
            {
                groups.Add((full, place, [file.Path]));
                continue;
            }

            if (groups[at].Place != place)
            {
                throw new ArrowCidException(ErrorCode.InvalidArgument,
                    $"{groups[at].Place} and {place} would both be the dataset '{full}'; put them apart");
            }

            groups[at].Files.Add(file.Path);
        }

        return [.. groups.Select(group => new Group(group.Name, [.. group.Files]))];
    }

    /// <summary>The dataset or the one named batch that is asked for; null where neither is.</summary>
    /// <param name="parsed">The options.</param>
    /// <param name="store">The store.</param>
    /// <param name="facts">The metadata of what is put.</param>
    /// <param name="dataset">The name of the dataset; null where none is asked for.</param>
    public DatasetRun? Read(ParseResult parsed, CidStore store, PutOptions? facts, string? dataset)
    {
        if ((dataset ?? facts?.Name) is not { } name) return null;
        Dictionary<string, string?> meta = Assignment.All(parsed.GetValue(_meta) ?? []);
        PutOptions options = (facts ?? new PutOptions()).WithName(name);
        store.Check(options);
        return new DatasetRun(store, options, meta.ToDictionary(pair => pair.Key, pair => pair.Value ?? ""),
            Array.ConvertAll(parsed.GetValue(_parents) ?? [], text => BlockReference.Resolve(store, text)),
            isDataset: dataset is not null)
        {
            IsAppended = parsed.GetValue(_append),
        };
    }

    /// <summary>Files of which one dataset is made; of a null name none.</summary>
    public sealed record Group(string? Dataset, string[] Files);
}

/// <summary>A name that is given to what a put puts: to its only batch, or to a dataset of its batches.</summary>
/// <param name="store">The store.</param>
/// <param name="options">The name, and the metadata of the dataset.</param>
/// <param name="meta">The metadata that are part of the dataset.</param>
/// <param name="parents">The datasets that it was made of.</param>
/// <param name="isDataset">Whether a dataset is made of a single batch too.</param>
internal sealed class DatasetRun(CidStore store, PutOptions options, Dictionary<string, string> meta, Cid[] parents,
    bool isDataset)
{
    /// <summary>Whether the batches are added to those that the dataset has.</summary>
    public bool IsAppended { get; init; }

    /// <summary>The batches so far.</summary>
    public List<Cid> Batches { get; } = [];

    /// <summary>Commits batches together with the name.</summary>
    /// <returns>The results of the batches, and of the dataset where one is made.</returns>
    public (PutResult[] Batches, PutResult? Dataset) Commit(StoreTransaction transaction)
    {
        ThrowIfEmpty(transaction.Count);
        if (transaction.Count == 1 && !isDataset) return (transaction.Commit(options.Name), null);
        return transaction.CommitDataset(options, meta, parents, IsAppended);
    }

    /// <summary>Gives the name, once all batches are put.</summary>
    public void Put(Output output, bool json)
    {
        string name = options.Name!;
        ThrowIfEmpty(Batches.Count);

        if (Batches.Count == 1 && !isDataset)
        {
            _ = store.SetName(name, Batches[0]);
            return;
        }

        PutResult put = IsAppended
            ? store.AppendToDataset(name, Batches, options)
            : store.PutDataset(Batches, options, meta, parents);
        Print(output, put, json);
    }

    /// <summary>Prints the line of the dataset.</summary>
    public void Print(Output output, PutResult put, bool json)
    {
        string name = options.Name!;
        if (json)
        {
            output.JsonLine(writer =>
            {
                HashVerb.WriteAddress(writer, put.Address);
                writer.WriteString("dataset", name);
                PutOutcome.Of(put).Write(writer);
            });
            return;
        }

        output.Line(string.Create(CultureInfo.InvariantCulture,
            $"{put.Cid}  {put.Rows}  {put.ByteLength}  {CommandError.Visible(name)}  {PutOutcome.Of(put).Word}"));
    }

    private void ThrowIfEmpty(int batches)
    {
        if (batches > 0) return;
        throw new ArrowCidException(ErrorCode.InvalidArgument,
            $"the files have no batch; '{options.Name}' needs one");
    }
}
