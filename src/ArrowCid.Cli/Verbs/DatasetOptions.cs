using System.CommandLine;
using System.Globalization;

namespace ArrowCid.Cli.Verbs;

/// <summary>The options of <c>put</c> that make a dataset of what is put.</summary>
internal sealed class DatasetOptions
{
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

    public DatasetOptions()
    {
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
        verb.Validators.Add(result =>
        {
            bool saysMore = result.GetResult(_meta) is not null || result.GetResult(_parents) is not null;
            if (saysMore && result.GetResult(_name) is null)
                result.AddError("--dataset-meta and --dataset-parent go with --dataset.");
            if (result.GetResult(_name) is not null && result.GetResult("--name") is not null)
                result.AddError("--dataset names the dataset; leave out --name.");
        });
    }

    /// <summary>The dataset or the one named batch that is asked for; null where neither is.</summary>
    /// <param name="parsed">The options.</param>
    /// <param name="store">The store.</param>
    /// <param name="facts">The metadata of what is put.</param>
    public DatasetRun? Read(ParseResult parsed, CidStore store, PutOptions? facts)
    {
        if ((parsed.GetValue(_name) ?? facts?.Name) is not { } name) return null;
        Dictionary<string, string?> meta = Assignment.All(parsed.GetValue(_meta) ?? []);
        PutOptions options = (facts ?? new PutOptions()).WithName(name);
        store.Check(options);
        return new DatasetRun(store, options, meta.ToDictionary(pair => pair.Key, pair => pair.Value ?? ""),
            Array.ConvertAll(parsed.GetValue(_parents) ?? [], text => Reference.Resolve(store, text)),
            isDataset: parsed.GetValue(_name) is not null);
    }
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
    /// <summary>The batches so far.</summary>
    public List<Cid> Batches { get; } = [];

    /// <summary>Gives the name, once all batches are put.</summary>
    public void Put(Output output, bool json)
    {
        string name = options.Name!;
        if (Batches.Count == 0)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument, $"the files have no batch; '{name}' needs one");
        }

        if (Batches.Count == 1 && !isDataset)
        {
            _ = store.SetName(name, Batches[0]);
            return;
        }

        PutResult put = store.PutDataset(Batches, options, meta, parents);
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
            $"{put.Cid}  {put.Rows}  {put.ByteLength}  {Failure.Visible(name)}  {PutOutcome.Of(put).Word}"));
    }
}
