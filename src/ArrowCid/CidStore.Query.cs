using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>Finding blocks by what is known of them.</summary>
public sealed partial class CidStore
{
    /// <summary>
    /// The blocks that pass a filter, of every kind, as they are when the enumeration begins: a scan over all entries,
    /// which reads no block.
    /// </summary>
    /// <param name="filter">What they shall be (<c>Registry/FILTER.md</c>); ages count from when the enumeration
    /// begins.</param>
    /// <param name="withAbsent">Whether blocks that are not here, but of which facts speak, are looked at too.</param>
    /// <returns>The entries, in no order.</returns>
    /// <exception cref="ArrowCidException">While it is read: as for <see cref="Entries"/>.</exception>
    public IEnumerable<StoredEntry> Query(Filter filter, bool withAbsent = false)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return Passing(filter, withAbsent);
    }

    private IEnumerable<StoredEntry> Passing(Filter filter, bool withAbsent)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        foreach (StoredEntry entry in Entries(withAbsent))
        {
            if (filter.Matches(entry, now)) yield return entry;
        }
    }
}
