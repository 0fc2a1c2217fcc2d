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
    public void Change_that_was_inserted_into_a_sealCidhistory_shows()
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
    public void Older_copy_of_a_sealCidstore_shows()
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

    private static void Insert(CidStore store, FactStamp stamp, Fact fact) =>
        _ = store.Blocks.Append(new FactRecord(stamp, [fact]));
}
