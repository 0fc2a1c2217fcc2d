using System.Diagnostics;
using System.Globalization;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid.ProcessTests;

/// <summary>The workers that collect and compact, and those that see to it that nothing goes which somebody
/// needs.</summary>
internal static class KeepWorker
{
    /// <summary>Each replaces the one before: a segment of facts takes 34.</summary>
    public static void SayLarge(CidStore store, Cid cid, int number) => store.Metadata.Set(cid, new BlockMetadata
    {
        Tags = new Dictionary<string, string?> { ["said"] = $"{number}" },
        Json = $"\"{new string('x', 30_000)}\"",
    });

    /// <summary>compact DIRECTORY: compacts until nothing more can go, to be killed at a step.</summary>
    public static int Compact(string[] arguments)
    {
        using CidStore store = RegistryWorker.Open(arguments[0]);
        while (store.Blocks.Space.Reclaim(mostAlive: 0.9).BytesFreed > 0)
        {
        }

        return 0;
    }

    /// <summary>keep DIRECTORY NUMBER MILLISECONDS: puts, reads, holds, pins, forgets, collects, compacts or makes
    /// checkpoints most, by its number; prints what went wrong, then what it did, then what it has pinned.</summary>
    public static int Keep(string[] arguments)
    {
        int number = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        var time = TimeSpan.FromMilliseconds(int.Parse(arguments[2], CultureInfo.InvariantCulture));
        using CidStore store = Open(arguments[0]);
        var keeping = new Keeping(store, number);
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < time || !keeping.HasWorked) keeping.Step();
        keeping.End();
        return 0;
    }

    /// <summary>evict DIRECTORY NUMBER MILLISECONDS: the same in a ring, where there is nothing to keep but what one
    /// reads.</summary>
    public static int Evict(string[] arguments)
    {
        int number = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        var time = TimeSpan.FromMilliseconds(int.Parse(arguments[2], CultureInfo.InvariantCulture));
        using CidStore store = Open(arguments[0], isRing: true);
        var reading = new RingReading(store, number);
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < time) reading.Step();
        reading.End();
        return 0;
    }

    public static CidStore Open(string directory, bool isRing = false)
    {
        // A store is opened as its first opener made it.
        StoreSettings settings = LifeWorker.ChurnSettings with { Capacity = (isRing ? 48 : 96) << 20, IsRing = isRing };
        BlockStore.Open(directory, settings).Dispose();
        return CidStore.Open(directory, new CidStoreOptions { Timeout = TimeSpan.FromSeconds(60) });
    }

    /// <summary>Block n of the blocks that all processes put.</summary>
    public static byte[] Bytes(int number) => StoreWorker.Bytes(number, 20_000);
}
