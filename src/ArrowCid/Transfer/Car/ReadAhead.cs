namespace ArrowCid.Transfer;

/// <summary>What is made of CIDs on other threads before it is asked for.</summary>
/// <param name="make">Makes it.</param>
internal sealed class ReadAhead<T>(Func<Cid, T> make) where T : class?
{
    /// <summary>The number of blocks prepared ahead: enough to keep two cores busy.</summary>
    public const int Most = 4;

    private readonly Dictionary<Cid, Task<T>> _begun = [];

    /// <summary>Begins with one that will be asked for, unless enough are begun.</summary>
    public void Begin(Cid cid)
    {
        if (_begun.Count < Most && !_begun.ContainsKey(cid)) _begun.Add(cid, Task.Run(() => make(cid)));
    }

    /// <summary>What was made, or is made now.</summary>
    public T Take(Cid cid) => _begun.Remove(cid, out Task<T>? begun) ? begun.GetAwaiter().GetResult() : make(cid);

    /// <summary>Waits for what was begun and not asked for, whatever became of it.</summary>
    /// <returns>What was made.</returns>
    public IEnumerable<T> End()
    {
        foreach (Task begun in _begun.Values)
            begun.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        Task<T>[] made = [.. _begun.Values.Where(begun => begun.IsCompletedSuccessfully)];
        _begun.Clear();
        return made.Select(begun => begun.Result);
    }
}
