using ArrowCid.Registry;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>The audit trail of a local handle.</summary>
public sealed class AuditTests : IDisposable
{
    private readonly TemporaryStore _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Changes_are_recorded_with_the_subject_of_the_handle()
    {
        using CidStore store = Open("ann");
        Cid one = store.Put(Stores.Numbers(1)).Cid, raw = store.PutRaw("bytes"u8.ToArray()).Cid;
        _ = store.Names.Set("a", one);
        store.Retention.Pin(one);
        Assert.True(store.Retention.Unpin(one));
        _ = store.Names.Remove("a");
        Assert.Single(store.Retention.Remove([raw]).Removed);
        (string, AuditAction, Cid?, string?)[] expected =
        [
            ("ann", AuditAction.Put, one, null), ("ann", AuditAction.Put, raw, null), ("ann", AuditAction.SetName, one, "a"),
            ("ann", AuditAction.Pin, one, null), ("ann", AuditAction.Unpin, one, null), ("ann", AuditAction.RemoveName, null, "a"),
            ("ann", AuditAction.Remove, raw, null),
        ];
        Assert.Equal(expected, Of(store));
        Assert.Equal("asked", store.Diagnostics.Audit.List()[^1].Detail);
        using CidStore other = Open(null);
        Assert.Equal(expected, Of(other));
        // A second compaction, a copy and an index change none of it.
        _ = store.Maintenance.Checkpoint();
        _ = store.Maintenance.Compact();
        Assert.Equal(expected, Of(store));
        Apache.Arrow.RecordBatch table = Assert.Single(store.Diagnostics.Audit.Read());
        Assert.Equal((expected.Length, "1"), (table.Length, table.Schema.Metadata["arrowcid:audit"]));
        Assert.Empty(store.Diagnostics.CheckFacts());
    }

    [Fact]
    public void Handle_without_a_subject_records_removals_alone()
    {
        using CidStore store = Open(null);
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        _ = store.Names.Set("a", cid);
        Assert.Empty(store.Diagnostics.Audit.List());
        _ = store.Names.Remove("a");
        _ = store.Retention.Remove([cid]);
        AuditEntry entry = Assert.Single(store.Diagnostics.Audit.List());
        Assert.Equal((AuditAction.Remove, cid), (entry.Action, entry.Cid));
        Assert.Matches(" [0-9]+$", entry.Subject);
    }

    [Fact]
    public void Every_way_to_put_records_each_block_once_and_metadata_stays_what_it_was()
    {
        using CidStore store = Open("ann");
        var expected = new HashSet<Cid>();
        foreach (PutResult put in store.PutMany([Stores.Numbers(1), Stores.Numbers(2)])) Assert.True(expected.Add(put.Cid));
        _ = expected.Add(store.Put(Stores.Numbers(3), new PutOptions { Tags = new Dictionary<string, string?> { ["k"] = "v" } }).Cid);
        _ = expected.Add(store.PutRaw(new byte[] { 0xa0 }, Multicodec.DagCbor).Cid);
        Assert.Equal(expected.Order(), store.Diagnostics.Audit.List().Select(entry => entry.Cid!.Value).Order());
        StoredEntry tagged = store.Metadata.Get(store.Put(Stores.Numbers(3)).Cid)!;
        Assert.Equal(["k"], tagged.Tags.Keys);
        Assert.Equal(expected.Count + 1, store.Diagnostics.Audit.List().Count);
    }

    [Fact]
    public void Entries_are_filtered_by_subject_and_time()
    {
        var clock = new ManualClock();
        using CidStore ann = Open("ann", clock), bob = Open("bob", clock);
        Cid first = ann.Put(Stores.Numbers(1)).Cid;
        clock.Advance(TimeSpan.FromHours(1));
        Cid second = bob.Put(Stores.Numbers(2)).Cid;
        DateTimeOffset then = bob.Diagnostics.Audit.List()[1].Time;
        Assert.Equal([first, second], Found(new AuditFilter()));
        Assert.Equal([first], Found(new AuditFilter { Subject = "ann" }));
        Assert.Empty(Found(new AuditFilter { Subject = "an" }));
        Assert.Equal([second], Found(new AuditFilter { From = then }));
        Assert.Equal([first], Found(new AuditFilter { Until = then }));
        Assert.Empty(Found(new AuditFilter { Subject = "ann", From = then }));

        IEnumerable<Cid> Found(AuditFilter filter) => ann.Diagnostics.Audit.List(filter).Select(entry => entry.Cid!.Value);
    }

    [Fact]
    public void Entries_travel_with_a_copy_once_however_often_it_is_made()
    {
        using var copy = new TemporaryStore();
        using CidStore store = Open("ann"), target = Stores.Open(copy);
        _ = store.Names.Set("a", store.Put(Stores.Numbers(1)).Cid);
        for (int round = 0; round < 2; round++) _ = store.Transfer.CopyTo(target);
        Assert.Equal(Of(store), Of(target));
    }

    [Theory]
    [InlineData("user", @" \(uid [0-9]+\)$")]
    [InlineData("long", "^é{128}$")]
    [InlineData("broken", "^\uFFFD$")]
    public void Subject_is_the_user_or_a_text_that_fits(string option, string pattern)
    {
        using CidStore store = Open(option switch
        {
            "long" => new string('é', 500),
            "broken" => "\ud800",
            _ => option,
        });
        _ = store.Put(Stores.Numbers(1));
        Assert.Matches(pattern, Assert.Single(store.Diagnostics.Audit.List()).Subject);
    }

    [Fact]
    public void Entries_older_than_the_policy_keeps_go_with_a_compaction_and_names_and_tags_stay()
    {
        var clock = new ManualClock();
        using CidStore store = Open("ann", clock);
        Cid first = store.Put(Stores.Numbers(1), new PutOptions { Tags = new Dictionary<string, string?> { ["k"] = "v" } }).Cid;
        _ = store.Names.Set("a", first);
        clock.Advance(TimeSpan.FromDays(60));
        Cid second = store.Put(Stores.Numbers(2)).Cid;
        SealTests.Compact(store);
        Assert.Equal(2, store.Diagnostics.Audit.List().Count(entry => entry.Cid == first));
        store.Maintenance.SetPolicy(store.Maintenance.GetPolicy() with { AuditKeep = TimeSpan.FromDays(90) });
        SealTests.Compact(store);
        Assert.Contains(store.Diagnostics.Audit.List(), entry => entry.Cid == first);
        clock.Advance(TimeSpan.FromDays(40));
        SealTests.Compact(store);
        Assert.DoesNotContain(store.Diagnostics.Audit.List(), entry => entry.Cid == first);
        Assert.Contains(store.Diagnostics.Audit.List(), entry => entry.Cid == second);
        Assert.Equal((first, "v"), (store.Names.Resolve("a"), store.Metadata.Get(first)!.Tags["k"]));
        Assert.Equal(TimeSpan.FromDays(90), store.Maintenance.GetPolicy().AuditKeep);
        store.Maintenance.SetPolicy(store.Maintenance.GetPolicy() with { AuditKeep = null });
        clock.Advance(TimeSpan.FromDays(400));
        SealTests.Compact(store);
        Assert.Contains(store.Diagnostics.Audit.List(), entry => entry.Cid == second);
        Assert.Empty(store.Diagnostics.CheckFacts());
        Assert.Throws<ArgumentException>(() => store.Maintenance.SetPolicy(new MaintenancePolicy { AuditKeep = TimeSpan.FromDays(-1) }));
    }

    private CidStore Open(string? subject, TimeProvider? clock = null) => CidStore.Open(_folder.Directory, new CidStoreOptions
    {
        Capacity = 32 << 20,
        SegmentSize = 1 << 20,
        AuditSubject = subject,
        TimeProvider = clock ?? TimeProvider.System,
    });

    private static (string Subject, AuditAction Action, Cid? Cid, string? Name)[] Of(CidStore store) =>
        store.Diagnostics.Audit.List().Select(entry => (entry.Subject, entry.Action, entry.Cid, entry.Name)).ToArray();
}
