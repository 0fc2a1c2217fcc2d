using System.CommandLine;
using System.Globalization;

namespace ArrowCid.Cli.Verbs;

/// <summary>The options of <c>put</c> that make a dataset of what is put.</summary>
internal sealed class DatasetOptions
{
    private readonly Option<string?> _name = new("--dataset")
    {
        HelpName = "NAME",
        Description = "Make a dataset of all batches, in order, and let this name stand for it: a line more, " +
            "CID  ROWS  BYTES  NAME  new|known.",
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
        });
    }

    /// <summary>The dataset that is asked for, or null.</summary>
    public DatasetRun? Read(ParseResult parsed, CidStore store)
    {
        if (parsed.GetValue(_name) is not { } name) return null;
        Dictionary<string, string?> meta = Assignment.All(parsed.GetValue(_meta) ?? []);
        return new DatasetRun(store, name, meta.ToDictionary(pair => pair.Key, pair => pair.Value ?? ""),
            Array.ConvertAll(parsed.GetValue(_parents) ?? [], text => Reference.Resolve(store, text)));
    }
}

/// <summary>A dataset in the making.</summary>
internal sealed class DatasetRun(CidStore store, string name, Dictionary<string, string> meta, Cid[] parents)
{
    /// <summary>The batches so far.</summary>
    public List<Cid> Batches { get; } = [];

    /// <summary>Puts the dataset, once all of its batches are, and names it.</summary>
    public void Put(Output output, bool json)
    {
        if (Batches.Count == 0)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                "the files have no batch, and a dataset has one at least");
        }

        PutResult put = store.PutDataset(Batches, meta, parents);
        _ = store.SetName(name, put.Cid);
        if (json)
        {
            output.JsonLine(writer =>
            {
                HashVerb.WriteAddress(writer, put.Address);
                writer.WriteString("dataset", name);
                writer.WriteBoolean("isNew", put.IsNew);
            });
            return;
        }

        output.Line(string.Create(CultureInfo.InvariantCulture,
            $"{put.Cid}  {put.Rows}  {put.ByteLength}  {Failure.Visible(name)}  {(put.IsNew ? "new" : "known")}"));
    }
}
