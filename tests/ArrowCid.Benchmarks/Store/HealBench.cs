using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Benchmarks;

/// <summary>Random damage of 1 % of a store's blocks, of which another place has copies, while two threads read them
/// all: how many are whole afterwards, and how many reads failed.</summary>
internal static class HealBench
{
    private const int Blocks = 2000, BlockBytes = 10_000, DamagedEach = 100, Readers = 2;

    /// <summary>Measures.</summary>
    /// <param name="directory">A directory for a store and a place.</param>
    public static Measurement Run(string directory)
    {
        using CidStore store = CidStore.Open(Path.Combine(directory, "store"), new CidStoreOptions { Capacity = 128 << 20 });
        store.Places.Add(new BlockPlace { Name = "cold", Location = Path.Combine(directory, "cold") + "/" });
        var random = new Random(23);
        byte[] bytes = new byte[BlockBytes];
        var cids = new Cid[Blocks];
        for (int i = 0; i < cids.Length; i++)
        {
            random.NextBytes(bytes);
            cids[i] = store.PutRaw(bytes).Cid;
        }

        _ = store.Places.Copy(cids, "cold");
        Cid[] damaged = [.. cids.Where((_, i) => i % DamagedEach == 0)];
        foreach (Cid cid in damaged) Damage(store, cid, random.Next(BlockBytes));
        using BlockBackend cache = store.Places.Cache.AsBackend();
        int failed = 0;
        Parallel.For(0, Readers, _ =>
        {
            foreach (Cid cid in cids)
            {
                try
                {
                    cache.Get(cid).Dispose();
                }
                catch (ArrowCidException)
                {
                    _ = Interlocked.Increment(ref failed);
                }
            }
        });
        int healed = damaged.Count(cid => store.Places.Prove(cid, BlockPlace.Here));
        return new Measurement($"heal {damaged.Length} damaged of {Blocks} blocks from a place", 100.0 * healed / damaged.Length, null,
            "%", "", null, 100)
        {
            Note = $"{failed} of {Readers * Blocks} reads at the same time failed",
        };
    }

    private static void Damage(CidStore store, Cid cid, int at)
    {
        string[] location;
        using (RecordLease lease = store.Reading.LeaseUnproved(cid)!) location = lease.Location.Split('+');
        using FileStream file = new(location[0], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Position = long.Parse(location[1], System.Globalization.CultureInfo.InvariantCulture) + at;
        int before = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)(before ^ 1));
    }
}
