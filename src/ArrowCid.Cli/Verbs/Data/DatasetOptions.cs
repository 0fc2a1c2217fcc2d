using System.CommandLine;
using ArrowCid.Cli.Inputs;

namespace ArrowCid.Cli.Verbs;

/// <summary>The options of <c>put</c> that make a dataset of what is put.</summary>
internal sealed class DatasetOptions
{
    private const string PerDirectory = "directory", PerFile = "file";

    private readonly Option<string?> _name = new("--dataset")
    {
        HelpName = "NAME",
        Description = "The name of a dataset of all batches, in order. The output has one more line, " +
            "CID  ROWS  BYTES  NAME  new|known. The dataset gets the tags and other metadata too.",
    };

    private readonly Option<string[]> _meta = new("--dataset-meta")
    {
        HelpName = "K=V",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        Description = "Metadata in the dataset, part of its CID; may be given several times.",
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
        Description = "A new version of the dataset that --dataset names, with the batches after the old ones. " +
            "Appends of several processes at once keep the batches of all.",
    };

    private readonly Option<string?> _per = new("--dataset-per")
    {
        Description = "One dataset per directory or per file. Its name is the path below the given directory, " +
            "without the extension, after the name of --dataset if that is given.",
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
        store.Putting.Check(options);
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
