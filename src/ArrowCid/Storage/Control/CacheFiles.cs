namespace ArrowCid.Storage;

/// <summary>What processes that use a store as a cache share beside its blocks.</summary>
internal sealed class CacheFiles(ControlFile control)
{
    /// <summary>Which blocks are read, and how places answer.</summary>
    public HeatFile Heat { get; } = new(control);

    /// <summary>Who fetches what.</summary>
    public FetchLocks Fetches { get; } = new(control);

    /// <summary>Begins to record every read of all processes.</summary>
    /// <exception cref="ArrowCidException">As for <see cref="ReadTrace.Make"/>.</exception>
    public ReadTrace BeginTrace() => ReadTrace.Make(control);
}
