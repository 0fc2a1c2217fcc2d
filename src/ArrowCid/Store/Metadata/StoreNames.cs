using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>Names of blocks and datasets: set, resolved, listed, with their history.</summary>
public sealed partial class StoreNames
{
    private readonly CidStore _store;

    internal StoreNames(CidStore store) => _store = store;

    /// <summary>Makes a name point to a stored block, whatever it pointed to.</summary>
    /// <param name="name">1 to 255 bytes of UTF-8, without control characters or a space at either end.</param>
    /// <param name="cid">The block.</param>
    /// <returns>The change.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: the block, or what is beneath it, is
    /// not here; <see cref="ErrorCode.InvalidArgument"/>: that is no name; <see cref="ErrorCode.Unsupported"/>: the
    /// store is a ring; <see cref="ErrorCode.Busy"/>: others are at the name, or do not finish what they are
    /// committing; <see cref="ErrorCode.InvalidData"/>: the clock is wrong.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public NameChange Set(string name, Cid cid)
    {
        ArgumentNullException.ThrowIfNull(name);
        BlockProof.ThrowIfDefault(cid);
        return _store.Registry.Names.Set(name, cid, new NameExpectation(IsAny: true, null));
    }

    /// <summary>
    /// Changes a name if it points to the expected block, as one step over all processes: of two calls that expect the
    /// same, one wins. After a kill at any point, the change is there whole or not at all.
    /// </summary>
    /// <param name="name">The name.</param>
    /// <param name="cid">The block that it is to point to; null removes the name.</param>
    /// <param name="expected">The block that it points to; null: there is no such name.</param>
    /// <returns>The change.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.NameConflict"/> or, where no name was expected, <see
    /// cref="ErrorCode.NameExists"/>: it points to another block, and nothing was changed. Others as for <see
    /// cref="Set(string, Cid)"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public NameChange Set(string name, Cid? cid, Cid? expected)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (cid is { } target) BlockProof.ThrowIfDefault(target);
        return _store.Registry.Names.Set(name, cid, new NameExpectation(IsAny: false, expected));
    }

    /// <summary>Takes a name away; its history stays.</summary>
    /// <param name="name">The name.</param>
    /// <returns>False where there is no such name.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="Set(string, Cid)"/>.</exception>
    public bool Remove(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        try
        {
            _ = _store.Registry.Names.Set(name, null, new NameExpectation(IsAny: true, null));
            return true;
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.NameNotFound)
        {
            return false;
        }
    }

    /// <summary>Returns the block that a name points to.</summary>
    /// <param name="name">The name.</param>
    /// <param name="asOf">What it stood for at the end of that millisecond; null: now.</param>
    /// <returns>The CID, of a block that may have been removed since; null where it stands, or stood, for
    /// nothing.</returns>
    public Cid? Resolve(string name, DateTimeOffset? asOf = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _store.Registry.Names.Resolve(name, asOf);
    }

    /// <summary>Every change of a name.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The changes, oldest first; none where there never was such a name.</returns>
    public IReadOnlyList<NameChange> GetHistory(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _store.Registry.Names.History(name);
    }

    /// <summary>Every name that points to a block, with its last change.</summary>
    /// <returns>The changes, sorted by their names' characters' codes.</returns>
    public IReadOnlyList<NameChange> List() => _store.Registry.Names.List();
}
