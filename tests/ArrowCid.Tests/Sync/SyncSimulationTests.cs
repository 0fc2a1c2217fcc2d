using ArrowCid.Registry;
using ArrowCid.Tests.Store;

namespace ArrowCid.Tests.Sync;

/// <summary>Two stores that change, over a network that loses up to half of all messages, with restarts, collections and
/// compactions between: in the end both have the same, and what was removed stays removed.</summary>
public class SyncSimulationTests
{
    private const int MostTries = 2000;

    [Fact]
    public void Stores_come_into_step_whatever_the_network_loses()
    {
        int losses = 0, removed = 0;
        foreach (int seed in SyncSeeds.All)
        {
            var random = new Random(seed);
            using var pair = new StorePair();
            var cids = new List<Cid>();
            for (int round = random.Next(1, 4); round > 0; round--)
            {
                Change(pair.One, random, cids, isOne: true);
                Change(pair.Other, random, cids, isOne: false);
                if (random.Next(4) == 0) pair.Reopen();
                if (random.Next(6) == 0) _ = pair.Other.Maintenance.Compact();
                losses += Sync(pair, random, random.NextDouble() / 2, new SyncOptions
                {
                    Direction = (SyncDirection)random.Next(3),
                    Full = random.Next(3) == 0,
                });
            }

            losses += Sync(pair, random, 0, new SyncOptions());
            SyncReport last = pair.Sync(new SyncOptions { MergeNames = true, Full = true });
            removed += last.RemovedBlocks;
            CheckBlocks(pair, last, seed);
            string[] one = Facts(pair.One, last), other = Facts(pair.Other, last);
            Assert.True(one.SequenceEqual(other), $"seed {seed}:\n{string.Join('\n', one.Except(other))}\nand\n" +
                string.Join('\n', other.Except(one)));
            SyncReport again = pair.Sync(new SyncOptions { Full = true });
            Assert.True(again.BlocksPulled + again.BlocksPushed + again.FactsPulled + again.FactsPushed == 0 &&
                again.Conflicts.Count == 0 || last.NamesWaiting.Count > 0, $"seed {seed}: {again}");
        }

        bool areMany = SyncSeeds.All.Skip(1).Any();
        Assert.True(!areMany || (losses > 200 && removed > 3), $"{losses} {removed}");
    }

    private static int Sync(StorePair pair, Random random, double loss, SyncOptions options)
    {
        LossyPeer? lossy = null;
        for (int tries = 0; ; tries++)
        {
            try
            {
                _ = pair.Sync(options, peer => lossy = new LossyPeer(peer, random, tries > 20 ? loss / 4 : loss));
                return tries;
            }
            catch (ArrowCidException e) when (e.Code == ErrorCode.Busy && tries < MostTries)
            {
                Assert.NotNull(lossy);
            }
        }
    }

    /// <summary>A block that one side lacks was removed there, and was not put on the other side since.</summary>
    private static void CheckBlocks(StorePair pair, SyncReport last, int seed)
    {
        HashSet<Cid> one = Blocks(pair.One), other = Blocks(pair.Other);
        HashSet<Cid> known = [.. last.Items.Select(item => item.Cid)];
        IEnumerable<Cid> unexplained = one.Except(other).Concat(other.Except(one)).Where(cid => !known.Contains(cid));
        Assert.True(!unexplained.Any(), $"seed {seed}: {string.Join(' ', unexplained)}");
    }

    private static HashSet<Cid> Blocks(CidStore store) => [.. store.Query().Select(entry => entry.Cid)];

    private static string[] Facts(CidStore store, SyncReport last) =>
    [
        .. store.Query(includeMissing: true).Where(entry => entry.Producer is not null || entry.Tags.Count > 0 ||
            entry.Parents.Count > 0).Select(entry => $"{entry.Cid.Hash} {entry.Producer} [{string.Join(' ', entry.Parents)}] " +
            string.Join(' ', entry.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal))).Order(StringComparer.Ordinal),
        .. store.Names.List().Where(name => !last.NamesWaiting.Contains(name.Name)).Select(name => $"{name.Name} {name.Cid}")
            .Order(StringComparer.Ordinal),
    ];

    private static void Change(CidStore store, Random random, List<Cid> cids, bool isOne)
    {
        for (int i = random.Next(8); i > 0; i--)
        {
            Cid Any() => cids.Count == 0 ? store.Put(Stores.Numbers(0)).Cid : cids[random.Next(cids.Count)];
            switch (random.Next(8))
            {
                case 0 or 1:
                    cids.Add(store.Put(Stores.Numbers(random.Next(1000)), new PutOptions
                    {
                        Tags = new Dictionary<string, string?> { ["by"] = isOne ? "one" : "other" },
                        Producer = random.Next(2) == 0 ? null : $"p{random.Next(3)}",
                    }).Cid);
                    break;
                case 2: cids.Add(store.PutRaw(BitConverter.GetBytes(random.Next(1000))).Cid); break;
                case 3:
                    store.Metadata.Set(Any(), new BlockMetadata
                    {
                        Tags = new Dictionary<string, string?> { [$"k{random.Next(3)}"] = random.Next(3) == 0 ? null : $"{random.Next(5)}" },
                    });
                    break;
                case 4:
                    Cid named = Any();
                    if (store.Contains(named)) _ = store.Names.Set($"{(random.Next(4) == 0 ? "both" : isOne)}/{random.Next(3)}", named);
                    break;
                case 5:
                    _ = store.Names.Remove($"{isOne}/{random.Next(3)}");
                    break;
                case 6:
                    _ = store.Retention.Remove([Any()]);
                    break;
                default:
                    Cid[] batches = [.. store.Query(Filter.Parse("kind = batch")).Select(entry => entry.Cid).Take(3)];
                    if (batches.Length > 0) cids.Add(store.Datasets.Put(batches).Cid);
                    break;
            }
        }
    }
}
