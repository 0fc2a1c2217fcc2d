using ArrowCid.Server.Access;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Flight.Access;

/// <summary>Puts of a caller with the scope <c>put</c>.</summary>
public sealed class CallerRightsTests : IDisposable
{
    private readonly TemporaryStore _directory = new();
    private readonly Hook _clock = new();
    private readonly CidStore _store;
    private int _refused;

    public CallerRightsTests() =>
        _store = CidStore.Open(_directory.Directory, new CidStoreOptions { Capacity = 64 << 20, TimeProvider = _clock });

    public void Dispose()
    {
        _store.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Put_stores_the_expiry_together_with_the_block()
    {
        using IEnumerator<StoreEvent> watch = _store.Watch(Cursor.Now, new WatchOptions { WithMetadata = true, Timeout = TimeSpan.Zero }).GetEnumerator();
        Cid cid = Rights().Put(ServedStore.Numbers(3), default, Expiring(TimeSpan.FromDays(1))).Cid;
        Assert.NotNull(_store.Metadata.Get(cid)!.Expires);
        Assert.True(watch.MoveNext());
        Assert.NotNull(watch.Current.Metadata?.Expires);
    }

    [Fact]
    public void Put_with_an_expiry_in_the_past_stores_nothing()
    {
        var past = new PutOptions { Expires = new DateTimeOffset(2001, 1, 1, 0, 0, 0, TimeSpan.Zero) };
        ArrowCidException refusal = Assert.Throws<ArrowCidException>(() => Rights().Put(ServedStore.Numbers(3), default, past));
        Assert.Equal(ErrorCode.InvalidArgument, refusal.Code);
        Assert.Empty(_store.List());
        Assert.Empty(_store.Query());
    }

    [Fact]
    public void Put_with_an_expiry_changes_nothing_of_a_block_that_another_put_has_stored()
    {
        Cid cid = _store.Put(ServedStore.Numbers(3)).Cid;
        PutOptions options = Expiring(TimeSpan.FromSeconds(1), "intruder");
        ArrowCidException refusal = Assert.Throws<ArrowCidException>(() => Rights().Put(ServedStore.Numbers(3), default, options));
        Assert.Equal(ErrorCode.AccessDenied, refusal.Code);
        Assert.Contains($"{cid}", refusal.Message);
        Assert.Equal(1, _refused);
        Assert.Null(_store.Metadata.Get(cid)!.Expires);
        Assert.Empty(_store.Metadata.Get(cid)!.Tags);
        // The log goes on after the refusal.
        Assert.True(Rights().Put(ServedStore.Numbers(4), default, options).IsNew);
    }

    [Fact]
    public void Put_with_an_expiry_is_refused_when_another_put_stores_the_block_meanwhile()
    {
        // The clock is read for the metadata, before the block is written.
        _clock.Once = () => _ = _store.Put(ServedStore.Numbers(3));
        ArrowCidException refusal = Assert.Throws<ArrowCidException>(
            () => Rights().Put(ServedStore.Numbers(3), default, Expiring(TimeSpan.FromSeconds(1))));
        Assert.Equal(ErrorCode.AccessDenied, refusal.Code);
        Assert.Null(_clock.Once);
        Assert.Null(Assert.Single(_store.Query(), entry => entry.Kind == ArrowCid.Registry.BlockKind.Batch).Expires);
    }

    [Fact]
    public void Put_with_an_expiry_stores_a_batch_that_occurs_twice()
    {
        CallerRights rights = Rights();
        Assert.True(rights.Put(ServedStore.Numbers(3), default, Expiring(TimeSpan.FromDays(1))).IsNew);
        Assert.False(rights.Put(ServedStore.Numbers(3), default, Expiring(TimeSpan.FromDays(1))).IsNew);
    }

    [Fact]
    public void Put_with_an_expiry_stores_a_block_that_was_removed()
    {
        Cid cid = _store.Put(ServedStore.Numbers(3)).Cid;
        Assert.Equal([cid], _store.Retention.Remove([cid]).Removed);
        _ = Rights().Put(ServedStore.Numbers(3), default, Expiring(TimeSpan.FromDays(1)));
        Assert.True(_store.Contains(cid));
        Assert.NotNull(_store.Metadata.Get(cid)!.Expires);
    }

    [Fact]
    public void Put_that_loses_a_race_for_its_name_reports_the_CID_of_the_stored_batch()
    {
        Cid other = _store.Put(ServedStore.Numbers(1)).Cid;
        _clock.Once = () => _ = _store.Names.Set("daily", other);
        ArrowCidException refusal = Assert.Throws<ArrowCidException>(
            () => Rights().Put(ServedStore.Numbers(3), default, new PutOptions { Name = "daily", Producer = "p" }));
        Assert.Equal(ErrorCode.AccessDenied, refusal.Code);
        Cid stored = ArrowCid.Ipc.CanonicalBlock.CidOf(ServedStore.Numbers(3));
        Assert.Contains($"the batch was stored without the name, as {stored}", refusal.Message);
        Assert.True(_store.Contains(stored));
        Assert.Equal(other, _store.Names.Resolve("daily"));
    }

    private CallerRights Rights() => new(_store, AccessScope.Put, () => _refused++);

    private static PutOptions Expiring(TimeSpan after, string? producer = null) => new()
    {
        ExpiresAfter = after,
        Tags = producer is null ? null : new Dictionary<string, string?> { ["by"] = producer },
    };

    /// <summary>A clock that does something once, when it is next read.</summary>
    private sealed class Hook : TimeProvider
    {
        public Action? Once { get; set; }

        public override DateTimeOffset GetUtcNow()
        {
            Action? once = Once;
            Once = null;
            once?.Invoke();
            return base.GetUtcNow();
        }
    }
}
