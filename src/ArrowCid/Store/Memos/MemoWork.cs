using System.Diagnostics;
using System.Globalization;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>The right to compute the result of a call, which one caller of all processes has. The caller must dispose
/// it with or without a result.</summary>
internal sealed class MemoWork : IDisposable
{
    internal const string FunctionTag = "fn", VersionTag = "version", MillisecondsTag = "ms", FormTag = "form";

    // A tag holds this number of bytes; the function's name may be as long.
    private const int MaxTagBytes = 1024;

    private readonly CidStore _store;
    private readonly IDisposable _lock;
    private readonly ulong _sweep;
    private readonly long _started = Stopwatch.GetTimestamp();

    public MemoWork(CidStore store, CallKey key, IDisposable held)
    {
        (_store, Key, _lock) = (store, key, held);
        _sweep = store.Blocks.Coordination.ReadSweep();
    }

    /// <summary>The call.</summary>
    public CallKey Key { get; }

    /// <summary>How long the caller has had it.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_started);

    /// <summary>Records the result.</summary>
    /// <param name="value">The value, whose blocks are stored.</param>
    /// <param name="life">How long it is kept; null: the default.</param>
    /// <param name="created">The blocks that were stored for it and were new: they expire with it.</param>
    /// <param name="tags">Tags of the call, beside the usual ones.</param>
    public void Set(Cid value, TimeSpan? life, IReadOnlyCollection<Cid> created,
        IEnumerable<KeyValuePair<string, string>>? tags = null)
    {
        CrashPoint.Pass(CrashStep.N1);
        ulong expires = ExpiryOf(life ?? RegistryResults.DefaultLife);
        _ = _store.PutRaw(Key.Block, Multicodec.DagCbor);
        CrashPoint.Pass(CrashStep.N2);
        List<Fact> said = [new ExpiryFact(Key.Cid, expires), new TagsFact(Key.Cid, TagsOf(tags))];
        said.AddRange(created.Distinct().Select(cid => new ExpiryFact(cid, expires)));
        _store.Registry.Results.Set(Key.Cid, value, said, _sweep);
        CrashPoint.Pass(CrashStep.N3);
    }

    /// <summary>Lets the next caller compute.</summary>
    public void Dispose() => _lock.Dispose();

    private ulong ExpiryOf(TimeSpan life)
    {
        DateTimeOffset now = _store.Clock.GetUtcNow();
        if (life < TimeSpan.Zero)
            throw new ArrowCidException(ErrorCode.InvalidArgument, $"a result is not kept for {life}");
        return life >= DateTimeOffset.MaxValue - now
            ? FactLimits.MaxMilliseconds
            : (ulong)(now + life).ToUnixTimeMilliseconds();
    }

    private KeyValuePair<string, string?>[] TagsOf(IEnumerable<KeyValuePair<string, string>>? tags)
    {
        var all = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach ((string key, string value) in tags ?? []) all[key] = value;
        all[FunctionTag] = Key.Function;
        if (Key.Version.Length > 0) all[VersionTag] = Key.Version;
        _ = all.TryAdd(MillisecondsTag, Elapsed.TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture));
        foreach ((string key, string? value) in all)
        {
            if (value is not null && System.Text.Encoding.UTF8.GetByteCount(value) > MaxTagBytes)
                throw new ArrowCidException(ErrorCode.InvalidArgument, $"the tag '{key}' is over {MaxTagBytes} bytes");
        }

        KeyValuePair<string, string?>[] sorted = [.. all];
        Array.Sort(sorted, static (one, other) => Ipld.IpldText.CompareKeys(one.Key, other.Key));
        return sorted;
    }
}
