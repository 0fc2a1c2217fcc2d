using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary>
/// A block as given on the command line: a CID; a name after @; or a name alone, if the text is no CID.
/// </summary>
internal static class BlockReference
{
    private const char NameSign = '@';

    /// <summary>The CID that is meant; the block need not be here.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.NameNotFound"/>: no such name;
    /// <see cref="ErrorCode.InvalidCid"/>: neither a CID nor a name.</exception>
    public static Cid Resolve(CidStore store, string text)
    {
        if (text.StartsWith(NameSign)) return store.Names.Resolve(text[1..]) ?? throw NoName(text[1..], store);
        if (Cid.TryParse(text, out Cid cid)) return cid;
        try
        {
            if (store.Names.Resolve(text) is { } named) return named;
        }
        catch (Exception e) when (e is ArgumentException or ArrowCidException { Code: ErrorCode.InvalidArgument })
        {
            // A text that cannot be a name is no name; what it is not either is said below.
        }

        try
        {
            return Cid.Parse(text);
        }
        catch (ArrowCidException e)
        {
            throw new ArrowCidException(e.Code,
                $"{e.Message}; nor is there such a name in {store.Directory}; 'arrowcid name' lists the names", e);
        }
    }

    /// <summary>The CIDs that are meant, of which all must be here before anything is done with one.</summary>
    public static Cid[] ResolvePresent(CidStore store, string[] texts)
    {
        Cid[] cids = Array.ConvertAll(texts, text => Resolve(store, text));
        foreach (Cid cid in cids) _ = Known(store, cid);
        return cids;
    }

    /// <summary>What is known of a block that must be here. One that was removed is not, even while its bytes
    /// are.</summary>
    public static StoredEntry Known(CidStore store, Cid cid) =>
        store.Metadata.Get(cid) is { IsPresent: true } entry ? entry : throw CommandError.NoBlock(cid.ToString(),
            store);

    public static ArrowCidException NoName(string name, CidStore store) => new(ErrorCode.NameNotFound,
        $"no name '{name}' in {store.Directory}; 'arrowcid name' lists what names there are");
}
