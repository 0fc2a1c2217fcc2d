using System.Globalization;
using ArrowCid.Columnar;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>What reads find of removed blocks.</summary>
public class RemovedReadTests
{
    [Fact]
    public void A_removed_block_is_not_found_by_any_handle_and_leases_stay_valid()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder), other = Stores.Open(folder);
        using CidStore reader = CidStore.Open(folder.Directory, new CidStoreOptions { ReadOnly = true });
        Cid cid = store.Put(Stores.Numbers(1)).Cid, stays = store.Put(Stores.Numbers(2)).Cid;
        CidStore[] all = [store, other, reader];
        BatchLease[] leases = [.. all.Select(each => each.TryGet(cid)!)];
        DateTimeOffset before = DateTimeOffset.UtcNow;
        Assert.Equal([cid], store.Retention.Remove([cid]).Removed);
        foreach (CidStore each in all)
        {
            Assert.Null(each.TryGet(cid));
            Assert.Null(each.Metadata.TryFind(cid));
            Assert.False(each.Contains(cid));
            Assert.Null(each.Diagnostics.Verify(cid));
            var found = new bool[2];
            each.ContainsMany([cid, stays], found);
            Assert.Equal([false, true], found);
            using BatchLease? there = each.TryGet(stays);
            Assert.NotNull(there);
            ArrowCidException error = each.Proofs.NotHere(cid);
            Assert.Equal(ErrorCode.BlockNotFound, error.Code);
            Assert.Contains("was removed at ", error.Message, StringComparison.Ordinal);
            Assert.InRange(TimeIn(error.Message), before.AddMilliseconds(-1), DateTimeOffset.UtcNow);
            Assert.DoesNotContain("removed", each.Proofs.NotHere(stays.WithCodec(Multicodec.DagCbor)).Message,
                StringComparison.Ordinal);
        }

        foreach (BatchLease lease in leases)
        {
            Assert.Equal(cid, lease.Cid);
            Assert.Equal(1, lease.View.Length);
            lease.Dispose();
        }

        using CidStore late = Stores.Open(folder);
        Assert.Null(late.TryGet(cid));
        // The bytes are still stored.
        using RecordLease? bytes = late.Blocks.Find(DigestOf(cid));
        Assert.NotNull(bytes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Reads_agree_with_random_puts_and_removals_of_two_handles(int seed)
    {
        using var folder = new TemporaryStore();
        using CidStore one = Stores.Open(folder), two = Stores.Open(folder);
        using CidStore reader = CidStore.Open(folder.Directory, new CidStoreOptions { ReadOnly = true });
        var random = new Random(seed);
        var expected = new Dictionary<Cid, bool>();
        for (int step = 0; step < 400; step++)
        {
            CidStore store = random.Next(2) == 0 ? one : two;
            byte[] bytes = StoreCalls.Numbered(random.Next(8), 300);
            Cid cid = Cid.FromSha256(Multicodec.Raw, Memory.Sha256.Hash(bytes));
            switch (random.Next(5))
            {
                case 0 or 1:
                    _ = store.PutRaw(bytes);
                    expected[cid] = true;
                    break;
                case 2:
                    Assert.Equal(expected.GetValueOrDefault(cid), store.Retention.Remove([cid]).Removed.Count == 1);
                    expected[cid] = false;
                    break;
                case 3 when random.Next(10) == 0:
                    _ = store.Maintenance.Compact(maxLiveRatio: 1);
                    break;
                default:
                    CidStore from = random.Next(3) switch { 0 => one, 1 => two, _ => reader };
                    Assert.True(from.Contains(cid) == expected.GetValueOrDefault(cid), $"seed {seed}, step {step}");
                    using (RecordLease? lease = from.Reading.LeaseUnproved(cid))
                        Assert.True(lease is not null == expected.GetValueOrDefault(cid), $"seed {seed}, step {step}");
                    break;
            }
        }
    }

    [Fact]
    public void Expired_and_collected_blocks_are_not_found()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder), other = Stores.Open(folder);
        Cid expired = store.PutRaw(StoreCalls.Numbered(1, 300)).Cid,
            unneeded = store.PutRaw(StoreCalls.Numbered(2, 300)).Cid;
        Assert.True(other.Contains(expired) && other.Contains(unneeded));
        store.Metadata.SetExpiry(expired, DateTimeOffset.UtcNow);
        SpinWait.SpinUntil(() => store.Metadata.Get(expired)!.IsExpired(DateTimeOffset.UtcNow));
        Assert.Equal([expired], store.Retention.RemoveExpired().Removed);
        Assert.Equal((false, true), (other.Contains(expired), other.Contains(unneeded)));
        _ = store.Retention.Collect(new CollectOptions { Unreferenced = true, OlderThan = TimeSpan.Zero });
        Assert.False(other.Contains(unneeded));
        Assert.True(other.PutRaw(StoreCalls.Numbered(2, 300)) is var again && store.Contains(again.Cid) &&
            other.Contains(again.Cid));
    }

    [Fact]
    public void A_removed_block_stays_removed_after_a_rebuild()
    {
        using var folder = new TemporaryStore();
        Cid cid;
        using (CidStore store = Stores.Open(folder))
        {
            cid = store.Put(Stores.Numbers(1)).Cid;
            _ = store.Retention.Remove([cid]);
        }

        _ = StoreMaintenance.Rebuild(folder.Directory);
        using CidStore rebuilt = Stores.Open(folder);
        Assert.Null(rebuilt.TryGet(cid));
    }

    [Fact]
    public void An_expiry_counts_from_each_put_and_a_past_one_is_refused()
    {
        using var folder = new TemporaryStore();
        var clock = new ManualClock();
        using CidStore store = CidStore.Open(folder.Directory, new CidStoreOptions { TimeProvider = clock });
        var options = new PutOptions { ExpiresAfter = TimeSpan.FromSeconds(1) };
        DateTimeOffset first = clock.GetUtcNow();
        Cid one = store.Put(Stores.Numbers(1), options).Cid;
        clock.Advance(TimeSpan.FromMinutes(5));
        Cid two = store.Put(Stores.Numbers(2), options).Cid;
        Assert.Equal(first.AddSeconds(1).ToUnixTimeMilliseconds(),
            store.Metadata.Get(one)!.Expires!.Value.ToUnixTimeMilliseconds());
        Assert.Equal(clock.GetUtcNow().AddSeconds(1).ToUnixTimeMilliseconds(),
            store.Metadata.Get(two)!.Expires!.Value.ToUnixTimeMilliseconds());
        // A known block counts from its new put.
        clock.Advance(TimeSpan.FromMinutes(5));
        Assert.False(store.Put(Stores.Numbers(1), options).IsNew);
        Assert.Equal(clock.GetUtcNow().AddSeconds(1).ToUnixTimeMilliseconds(),
            store.Metadata.Get(one)!.Expires!.Value.ToUnixTimeMilliseconds());
        foreach (Action call in new Action[]
        {
            () => store.Put(Stores.Numbers(3), new PutOptions { Expires = clock.GetUtcNow().AddHours(-1) }),
            () => store.Put(Stores.Numbers(3), new PutOptions { ExpiresAfter = TimeSpan.FromSeconds(-1) }),
            () => store.Put(Stores.Numbers(3),
                new PutOptions { Expires = clock.GetUtcNow(), ExpiresAfter = TimeSpan.FromSeconds(1) }),
            () => store.Metadata.Set(one, new BlockMetadata { Expires = clock.GetUtcNow().AddHours(-1) }),
            () => store.Metadata.SetExpiry(one, clock.GetUtcNow().AddHours(-1)),
        })
        {
            Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ArrowCidException>(call).Code);
        }

        Assert.Equal(2, store.List().Count());
    }

    [Fact]
    public void A_put_that_ends_after_its_own_expiry_expires_at_once()
    {
        using var folder = new TemporaryStore();
        var clock = new ManualClock();
        using CidStore store = CidStore.Open(folder.Directory, new CidStoreOptions { TimeProvider = clock });
        // The time passed while the put ran.
        DateTimeOffset end = clock.GetUtcNow().AddSeconds(-30);
        Cid cid = store.Put(Stores.Numbers(1), new PutOptions { Expires = end }).Cid;
        Assert.True(store.Metadata.Get(cid)!.IsExpired(clock.GetUtcNow()));
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal([cid], store.Retention.RemoveExpired().Removed);
    }

    [Fact]
    public void Facts_of_a_known_large_block_belong_to_it()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        RecordBatch large = Stores.Numbers(new double[700_000]);
        Cid cid = store.Put(large).Cid;
        Assert.False(store.Put(large, new PutOptions { Producer = "p" }).IsNew);
        Assert.Equal("p", store.Metadata.Get(cid)!.Producer);
    }

    private static DateTimeOffset TimeIn(string message)
    {
        string text = message[(message.IndexOf(" at ", StringComparison.Ordinal) + 4)..message.IndexOf(';',
            StringComparison.Ordinal)];
        return DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
    }

    private static Memory.Digest256 DigestOf(Cid cid)
    {
        Assert.True(cid.TryGetSha256(out Memory.Digest256 digest));
        return digest;
    }
}
