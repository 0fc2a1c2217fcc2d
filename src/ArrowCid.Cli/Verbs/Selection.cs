using System.CommandLine;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary>Blocks for a verb to work on: CIDs and names, or the batches that pass a filter.</summary>
internal sealed class Selection
{
    private readonly Argument<string[]> _cids;
    private readonly Option<string?> _where;

    /// <summary>Adds the argument and the option to a verb.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="description">What the blocks are to it.</param>
    /// <param name="instead">An option that chooses in another way, or null.</param>
    public Selection(Verb verb, string description, Option<bool>? instead = null)
    {
        _cids = Verb.CidTexts(description);
        _where = Verb.Where("A filter instead of CIDs: all batches that pass it, or blocks of every kind if the " +
            "filter names 'kind'.");
        verb.Add(_cids);
        verb.Add(_where);
        verb.Validators.Add(result =>
        {
            int ways = (result.GetValue(_where) is null ? 0 : 1) + (result.GetValue(_cids) is { Length: > 0 } ? 1 : 0)
                + (instead is not null && result.GetValue(instead) ? 1 : 0);
            string other = instead is null ? "" : $" or {instead.Name}";
            if (ways != 1) result.AddError($"Give CIDs or --where{other}.");
        });
    }

    /// <summary>What was chosen; of a filter all that pass now.</summary>
    public Chosen Read(ParseResult parsed, Func<CidStore> open)
    {
        // A filter is judged before the store is touched.
        Filter? filter = parsed.GetValue(_where) is { } text ? Filter.Parse(text) : null;
        CidStore store = open();
        try
        {
            Cid[] cids = filter is null
                ? Array.ConvertAll(parsed.GetValue(_cids)!, each => BlockReference.Resolve(store, each))
                : Passing(store, filter);
            return new Chosen(store, cids, filter is not null);
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>The blocks that pass a filter now.</summary>
    public static Cid[] Passing(CidStore store, Filter filter)
    {
        using var progress = new Progress("blocks found");
        var passing = new List<Cid>();
        foreach (StoredEntry entry in store.Metadata.InOrder(filter))
        {
            progress.Tick();
            if (filter.TestsKind || entry.Kind == BlockKind.Batch) passing.Add(entry.Cid);
        }

        return [.. passing];
    }
}
