using ArrowCid.Registry;
using ArrowCid.Signing;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>Seals of the log, and what shows by them.</summary>
public sealed class SealTests : IDisposable
{
    private readonly TemporaryStore _folder = new();
    private readonly SigningKey _key = SigningKey.Create();

    public void Dispose()
    {
        _folder.Dispose();
        _key.Dispose();
    }

    [Fact]
    public void History_that_goes_on_is_what_was_sealed()
    {
        using CidStore store = Stores.Open(_folder);
        Assert.Equal((0, null), (store.Signatures.Seals.Check().Seals, store.Signatures.Seals.Check().Last));
        for (int i = 0; i < 4; i++)
        {
            Cid cid = store.Put(Stores.Numbers(i)).Cid;
            _ = store.Names.Set("a", cid);
            _ = store.Names.Set($"n{i}", cid);
            _ = store.Signatures.Seals.Seal(_key);
        }

        _ = store.Names.Remove("n1");
        _ = store.Retention.Collect(new CollectOptions { Unreferenced = true, OlderThan = TimeSpan.Zero });
        _ = store.Maintenance.Checkpoint();
        _ = store.Maintenance.Compact();
        SealCheck check = store.Signatures.Seals.Check([_key.Id]);
        Assert.Empty(check.Faults);
        Assert.Equal(4, check.Seals);
        Assert.Equal([_key.Id], check.Signers);
        using CidStore other = Stores.Open(_folder);
        Assert.Empty(other.Signatures.Seals.Check().Faults);
    }

    [Fact]
    public void Change_that_was_inserted_into_a_sealed_history_shows()
    {
        using CidStore store = Stores.Open(_folder);
        Cid one = store.Put(Stores.Numbers(1)).Cid, two = store.Put(Stores.Numbers(2)).Cid;
        _ = store.Names.Set("a", one);
        _ = store.Names.Set("a", two);
        FactStamp first = store.Registry.Reader.Ask(() => store.Registry.Reader.State.FindName("a"))!.Changes[0].Stamp;
        _ = store.Signatures.Seals.Seal(_key);
        Assert.Empty(store.Signatures.Seals.Check().Faults);
        Insert(store, new FactStamp(first.Time + 1, 7), new NameFact("a", two, null));
        Assert.Contains("the name 'a'", Assert.Single(store.Signatures.Seals.Check().Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Name_that_was_added_in_the_past_shows()
    {
        using CidStore store = Stores.Open(_folder);
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        _ = store.Names.Set("a", cid);
        _ = store.Signatures.Seals.Seal(_key);
        ulong past = (ulong)DateTimeOffset.UtcNow.AddHours(-2).ToUnixTimeMilliseconds() << 16;
        Insert(store, new FactStamp(past, 7), new NameFact("b", cid, null));
        Assert.Contains("'b'", Assert.Single(store.Signatures.Seals.Check().Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Older_copy_of_a_sealed_store_shows()
    {
        using var copy = new TemporaryStore();
        using CidStore target = Stores.Open(copy);
        using (CidStore store = Stores.Open(_folder))
        {
            Cid cid = store.Put(Stores.Numbers(1)).Cid;
            _ = store.Names.Set("a", cid);
            _ = store.Signatures.Seals.Seal(_key);
            _ = store.Transfer.CopyTo(target);
            Assert.Empty(target.Signatures.Seals.Check().Faults);
            // A seal of a history that the copy does not have.
            _ = store.Names.Set("a", store.Put(Stores.Numbers(2)).Cid);
            SignedStatement seal = store.Signatures.Seals.Seal(_key);
            Cid sealCid = Statement.Decode(seal.Block.Span).Subject;
            using var bytes = new MemoryStream();
            _ = store.Transfer.TryCopyTo(sealCid, bytes);
            _ = target.PutRaw(bytes.ToArray(), Multicodec.DagCbor);
            target.Signatures.Add(seal);
            _ = target.Names.Set(StoreSeals.SealName, sealCid);
        }

        Assert.Contains(target.Signatures.Seals.Check().Faults, fault => fault.Contains("the name 'a'", StringComparison.Ordinal));
    }

    [Fact]
    public void Seal_that_was_taken_back_or_is_by_another_key_shows()
    {
        using CidStore store = Stores.Open(_folder);
        _ = store.Signatures.Seals.Seal(_key);
        Cid first = store.Names.Resolve(StoreSeals.SealName)!.Value;
        _ = store.Names.Set("a", store.Put(Stores.Numbers(1)).Cid);
        _ = store.Signatures.Seals.Seal(_key);
        _ = store.Names.Set(StoreSeals.SealName, first);
        Assert.Contains(store.Signatures.Seals.Check().Faults, fault => fault.Contains("rolled back", StringComparison.Ordinal));
        using SigningKey other = SigningKey.Create();
        Assert.NotEmpty(store.Signatures.Seals.Check([other.Id]).Faults);
    }

    [Fact]
    public void Audit_trail_that_goes_on_is_what_was_sealed()
    {
        var clock = new ManualClock();
        using CidStore store = Audited(clock);
        for (int i = 0; i < 4; i++)
        {
            Cid cid = store.Put(Stores.Numbers(i)).Cid;
            _ = store.Names.Set("a", cid);
            if (i == 2) _ = store.Retention.Remove([store.PutRaw("gone"u8.ToArray()).Cid]);
            _ = store.Signatures.Seals.Seal(_key);
            clock.Advance(TimeSpan.FromHours(2));
        }

        _ = store.Retention.Collect(new CollectOptions { Unreferenced = true, OlderThan = TimeSpan.Zero });
        Compact(store);
        SealCheck check = store.Signatures.Seals.Check();
        Assert.Empty(check.Faults);
        Assert.Equal(4, check.Seals);
    }

    /// <summary>An entry is added, taken out, and replaced, before and after another seal.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Edit_of_the_audit_trail_shows(bool isSealedAgain)
    {
        var clock = new ManualClock();
        using CidStore store = Audited(clock);
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        clock.Advance(TimeSpan.FromHours(2));
        _ = store.Put(Stores.Numbers(2));
        _ = store.Signatures.Seals.Seal(_key);
        Assert.Empty(store.Signatures.Seals.Check().Faults);
        var past = new FactStamp((ulong)clock.GetUtcNow().AddHours(-1).ToUnixTimeMilliseconds() << 16, 7);
        Insert(store, past, new AuditFact(AuditFact.Put, "mallory", cid, null));
        clock.Advance(TimeSpan.FromHours(1));
        if (isSealedAgain) _ = store.Signatures.Seals.Seal(_key);
        string fault = Assert.Single(store.Signatures.Seals.Check().Faults);
        Assert.Contains($"the audit trail of {past.When.UtcDateTime:yyyy-MM-dd}: 1 entries were added", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Entry_that_is_missing_shows()
    {
        using var copy = new TemporaryStore();
        using CidStore store = Audited(TimeProvider.System), other = Stores.Open(copy);
        _ = store.Put(Stores.Numbers(1));
        SignedStatement signed = store.Signatures.Seals.Seal(_key);
        Cid seal = Statement.Decode(signed.Block.Span).Subject;
        foreach (Cid cid in LogSeal.Decode(store.Reading.ReadBlock(seal)).Audit.Append(seal))
            _ = other.PutRaw(store.Reading.ReadBlock(cid)!, Multicodec.DagCbor);
        other.Signatures.Add(signed);
        _ = other.Names.Set(StoreSeals.SealName, seal);
        Assert.Contains("1 sealed entries are changed or gone", Assert.Single(other.Signatures.Seals.Check().Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Entry_that_the_policy_does_not_keep_is_no_fault_also_where_the_policy_changes()
    {
        var clock = new ManualClock();
        using CidStore store = Audited(clock);
        _ = store.Put(Stores.Numbers(1));
        clock.Advance(TimeSpan.FromDays(10));
        _ = store.Put(Stores.Numbers(2));
        _ = store.Signatures.Seals.Seal(_key);
        store.Maintenance.SetPolicy(new MaintenancePolicy { AuditKeep = TimeSpan.FromDays(5) });
        Compact(store);
        Assert.DoesNotContain(store.Diagnostics.Audit.List(), entry => entry.Time < clock.GetUtcNow().AddDays(-5));
        Assert.Empty(store.Signatures.Seals.Check().Faults);
        _ = store.Signatures.Seals.Seal(_key);
        store.Maintenance.SetPolicy(MaintenancePolicy.None);
        clock.Advance(TimeSpan.FromDays(30));
        Assert.Empty(store.Signatures.Seals.Check().Faults);
        Assert.Equal(2, store.Signatures.Seals.Check().Seals);
    }

    private CidStore Audited(TimeProvider clock) => CidStore.Open(_folder.Directory, new CidStoreOptions
    {
        Capacity = 32 << 20,
        SegmentSize = 1 << 20,
        AuditSubject = "ann",
        TimeProvider = clock,
    });

    /// <summary>Compacts all facts that there are: the newest segment of them is closed by filling it.</summary>
    internal static void Compact(CidStore store)
    {
        using CidStore other = CidStore.Open(store.Directory, new CidStoreOptions { TimeProvider = store.Clock });
        foreach (CidStore each in (CidStore[])[store, other])
        {
            Cid cid = store.PutRaw("filled"u8.ToArray()).Cid;
            for (int number = 0; number < 40; number++)
                each.Metadata.Set(cid, new BlockMetadata { Json = $"\"{number} {new string('x', 30_000)}\"" });
        }

        _ = store.Maintenance.Checkpoint();
        Assert.Contains(store.Maintenance.Compact(maxLiveRatio: 1).Segments,
            segment => segment is { Kind: StoreSegmentKind.Facts, Outcome: CompactOutcome.Freed });
    }

    private static void Insert(CidStore store, FactStamp stamp, Fact fact) =>
        _ = store.Blocks.Append(new FactRecord(stamp, [fact]));
}
