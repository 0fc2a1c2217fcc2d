using System.Globalization;
using Microsoft.Extensions.Caching.Distributed;

namespace ArrowCid.Extensions.DependencyInjection;

/// <summary>A distributed cache over the results of a store, shared by all processes that have it open: an entry is the
/// result of a call whose argument is the key. An entry without an expiration is kept for 30 days.</summary>
internal sealed class ArrowCidDistributedCache : IDistributedCache
{
    private const string SlidingTag = "sliding-ms", UntilTag = "until-ms";

    private readonly CidStore _store;
    private readonly Memo _memo;
    private readonly TimeProvider _clock;

    public ArrowCidDistributedCache(CidStore store, string name, TimeProvider clock) =>
        (_store, _memo, _clock) = (store, Memo.Open(store, name), clock);

    public byte[]? Get(string key)
    {
        CallKey call = KeyOf(key);
        if (_memo.TryGetBytes(call) is not { } bytes) return null;
        Extend(call);
        return bytes;
    }

    public Task<byte[]?> GetAsync(string key, CancellationToken token = default) =>
        Task.Run(() => Get(key), token);

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options)
    {
        ArgumentNullException.ThrowIfNull(value);
        ArgumentNullException.ThrowIfNull(options);
        CallKey call = KeyOf(key);
        DateTimeOffset now = _clock.GetUtcNow();
        DateTimeOffset? until = options.AbsoluteExpirationRelativeToNow is { } span
            ? span < DateTimeOffset.MaxValue - now ? now + span : null
            : options.AbsoluteExpiration;
        if (until <= now)
        {
            throw new ArgumentOutOfRangeException(nameof(options), until,
                "The absolute expiration must be in the future.");
        }

        PutResult put = _store.PutRaw(value);
        Record(call, put.Cid, until, options.SlidingExpiration, now);
        // The value of an entry that is replaced is deleted when its time has come.
        if (put.IsNew && _memo.Describe(call) is { } entry) _store.Metadata.SetExpiry(put.Cid, entry.Expires);
    }

    public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options,
        CancellationToken token = default) => Task.Run(() => Set(key, value, options), token);

    public void Refresh(string key) => Extend(KeyOf(key));

    public Task RefreshAsync(string key, CancellationToken token = default) => Task.Run(() => Refresh(key), token);

    public void Remove(string key) => _ = _memo.Remove(KeyOf(key));

    public Task RemoveAsync(string key, CancellationToken token = default) => Task.Run(() => Remove(key), token);

    /// <summary>Begins the sliding expiration of an entry again.</summary>
    private void Extend(CallKey call)
    {
        if (_memo.Describe(call) is not { } entry || NumberOf(entry, SlidingTag) is not { } sliding) return;
        DateTimeOffset? until = NumberOf(entry, UntilTag) is { } milliseconds
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : null;
        Record(call, entry.Value, until, TimeSpan.FromMilliseconds(sliding), _clock.GetUtcNow());
    }

    private void Record(CallKey call, Cid value, DateTimeOffset? until, TimeSpan? sliding, DateTimeOffset now)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        if (sliding is { } span)
            tags[SlidingTag] = ((long)span.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        if (until is { } end)
            tags[UntilTag] = end.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        TimeSpan? left = until - now;
        TimeSpan? life = sliding is null || left < sliding ? left : sliding;
        if (life <= TimeSpan.Zero) return;
        _memo.Set(call, value, new MemoOptions { TimeToLive = life, Tags = tags });
    }

    private static long? NumberOf(MemoEntry entry, string tag) => entry.Tags.TryGetValue(tag, out string? text) &&
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

    private CallKey KeyOf(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return _memo.Key([KeyValuePair.Create("key", (object?)key)]);
    }
}
