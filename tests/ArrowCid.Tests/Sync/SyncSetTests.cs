using ArrowCid.Memory;
using ArrowCid.Sync;

namespace ArrowCid.Tests.Sync;

/// <summary>A set that is read again is the same as one that is kept.</summary>
public class SyncSetTests
{
    private static readonly SyncHash s_hash = new(new byte[32], new byte[32]);

    [Theory]
    [InlineData(900)]
    [InlineData(5000)]
    public void Set_that_is_read_again_has_the_sums_and_groups_of_one_that_is_kept(int items)
    {
        Digest256[] all = Digests(1, items);
        var kept = new SyncSet(all);
        SyncSet read = SyncSet.Of(() => all, 1000);
        Assert.Equal((kept.Count, kept.Sum(in s_hash)), (read.Count, read.Sum(in s_hash)));
        Assert.True(kept.Items.ToHashSet().SetEquals(read.Items));
        foreach (int bits in (int[])[4, 9, 16])
        {
            Assert.Equal(kept.BucketSums(in s_hash, bits), read.BucketSums(in s_hash, bits));
            var map = new byte[((1 << bits) + 7) / 8];
            new Random(bits).NextBytes(map);
            var plan = new SketchPlan(bits, map);
            for (int group = 0; group < plan.Groups; group++)
            {
                Assert.Equal(kept.CountOf(plan, group), read.CountOf(plan, group));
                Assert.Equal(Sorted(kept.ItemsOf(plan, group, in s_hash)), Sorted(read.ItemsOf(plan, group, in s_hash)));
            }
        }
    }

    [Fact]
    public void Difference_of_sets_that_are_read_again_is_exact()
    {
        foreach (int seed in SyncSeeds.All)
        {
            var random = new Random(seed);
            Digest256[] all = Digests(seed, 3000 + random.Next(3000));
            int onlyHere = random.Next(1 << random.Next(10)), onlyThere = random.Next(1 << random.Next(10));
            Digest256[] here = all[onlyThere..], there = [.. all[..onlyThere], .. all[(onlyThere + onlyHere)..]];
            using var peer = new LocalPeer("set", new SetEnd(SyncSet.Of(() => there, 500)), SyncRights.Read);
            SyncDifference found = new SyncSearch(new SyncLink(peer, CancellationToken.None)).Find(
                new SyncWish(SyncSubject.Blocks, null, false, null), _ => SyncSet.Of(() => here, 700));
            Assert.True(all[onlyThere..(onlyThere + onlyHere)].ToHashSet().SetEquals(found.Here), $"seed {seed}");
            Assert.True(all[..onlyThere].ToHashSet().SetEquals(found.There), $"seed {seed}");
        }
    }

    [Fact]
    public void Set_that_changes_between_two_readings_is_busy()
    {
        Digest256[] all = Digests(1, 5000);
        int readings = 0;
        SyncSet set = SyncSet.Of(() => readings++ < 3 ? all : all[..4999], 1000);
        byte[] map = [0xff, 0xff];
        _ = set.Sum(in s_hash);
        ArrowCidException e = Assert.Throws<ArrowCidException>(() =>
        {
            var plan = new SketchPlan(4, map);
            for (int group = 0; group < plan.Groups; group++) _ = set.ItemsOf(plan, group, in s_hash);
        });
        Assert.Equal(ErrorCode.Busy, e.Code);
        readings = 0;
        set = SyncSet.Of(() => readings++ < 2 ? all : all[..4999], 1000);
        Assert.Equal(ErrorCode.Busy, Assert.Throws<ArrowCidException>(() => set.Sum(in s_hash)).Code);
    }

    [Fact]
    public void Set_that_is_read_again_takes_memory_for_what_is_kept()
    {
        SyncSet set = SyncSet.Of(() => Digests(1, 20_000), 1000);
        Assert.InRange(set.ByteLength, 32_000, 32_000 + (65_537 * 20));
        Assert.Equal(20_000, set.Count);
    }

    [Fact]
    public void Listing_until_a_moment_leaves_out_what_came_after()
    {
        using var pair = new StorePair();
        Cid before = pair.One.PutRaw(new byte[1]).Cid;
        Cursor moment = pair.One.Blocks.Listing.Fix(Cursor.Now);
        _ = pair.One.PutRaw(new byte[2]);
        Assert.Equal([RegistryDigest(before)], pair.One.Blocks.Listing.List(moment).Select(info => info.Digest));
        Assert.Equal(2, pair.One.Blocks.Listing.List().Count());
    }

    private static Digest256 RegistryDigest(Cid cid) =>
        cid.TryGetSha256(out Digest256 digest) ? digest : throw new InvalidOperationException();

    private static string[] Sorted(Digest256[] items) => [.. items.Select(item => item.ToString()).Order()];

    private static Digest256[] Digests(int seed, int count)
    {
        var random = new Random(seed);
        var bytes = new byte[Digest256.ByteCount];
        var digests = new Digest256[count];
        for (int i = 0; i < count; i++)
        {
            random.NextBytes(bytes);
            digests[i] = new Digest256(bytes);
        }

        return digests;
    }
}
