using System.Globalization;
using ArrowCid.Registry;
using ArrowCid.Sync;
using ArrowCid.Tests.Storage;
using ArrowCid.Tests.Store;

namespace ArrowCid.Tests.Sync;

/// <summary>Two empty stores with one clock.</summary>
internal sealed class StorePair : IDisposable
{
    private readonly TemporaryStore _one = new();
    private readonly TemporaryStore _other = new();
    private readonly ManualClock _clock = new();

    public StorePair()
    {
        One = Open(_one);
        Other = Open(_other);
    }

    public CidStore One { get; private set; }

    public CidStore Other { get; }

    public void Wait(TimeSpan time) => _clock.Advance(time);

    /// <summary>Syncs the first store with the second one.</summary>
    public SyncReport Sync(SyncOptions? options = null, Func<SyncPeer, SyncPeer>? wrap = null)
    {
        using SyncPeer peer = Other.Transfer.AsSyncPeer();
        Wait(TimeSpan.FromMilliseconds(5));
        return One.Transfer.Sync(wrap is null ? peer : wrap(peer), options);
    }

    /// <summary>Opens the first store again, as another process would.</summary>
    public void Reopen()
    {
        One.Dispose();
        One = Open(_one);
    }

    public void AssertEqual() => Assert.Equal(Shown(Other), Shown(One));

    /// <summary>All that two stores in step have in common.</summary>
    public static string[] Shown(CidStore store) =>
    [
        .. store.Query(includeMissing: true).Where(entry => !entry.Names.Any(name => name.StartsWith("arrowcid.",
            StringComparison.Ordinal))).Select(Text).Order(StringComparer.Ordinal),
        .. store.Names.List().OrderBy(name => name.Name, StringComparer.Ordinal).Select(name =>
            $"{name.Name}: {string.Join(", ", store.Names.GetHistory(name.Name).Select(change => $"{change.Cid} {change.Time:O}"))}"),
    ];

    public void Dispose()
    {
        One.Dispose();
        Other.Dispose();
        _one.Dispose();
        _other.Dispose();
    }

    private CidStore Open(TemporaryStore folder) => CidStore.Open(folder.Directory, new CidStoreOptions
    {
        Capacity = 64 << 20,
        SegmentSize = 1 << 20,
        TimeProvider = _clock,
    });

    private static string Text(StoredEntry entry) => string.Create(CultureInfo.InvariantCulture,
        $"{entry.Cid} {entry.Kind} {entry.Rows} {entry.ByteLength} {entry.IsPresent} {entry.Producer} " +
        $"[{string.Join(' ', entry.Parents)}] [{string.Join(' ', entry.Names)}] {entry.Expires:O} {entry.Json} " +
        $"[{string.Join(' ', entry.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal))}] " +
        $"[{string.Join(' ', entry.Locations.Order(StringComparer.Ordinal))}]");
}
