using System.Globalization;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.ProcessTests;

/// <summary>Processes that use one store as a cache of a directory.</summary>
internal static class CacheWorker
{
    /// <summary>Opens the store; every read of its place adds a line to a file, and then waits for a line of input
    /// where that is asked for.</summary>
    public static CidStore Open(string directory, string log, bool waits) => CidStore.Open(directory, new CidStoreOptions
    {
        Capacity = 64 << 20,
        SegmentSize = 1 << 20,
        Timeout = TimeSpan.FromSeconds(30),
        OpenPlace = (location, isReadOnly) => new LoggedBackend(StorePlaces.OpenLocation(location, isReadOnly), log, waits),
    });

    /// <summary>cache-read DIRECTORY LOG CID WAITS MILLISECONDS: reads a block through the cache, and prints its
    /// length, or that the time was over.</summary>
    public static int Read(string[] arguments)
    {
        using CidStore store = Open(arguments[0], arguments[1], arguments[3] == "waits");
        using BlockBackend cache = store.Places.Cache.AsBackend();
        using var end = new CancellationTokenSource(int.Parse(arguments[4], CultureInfo.InvariantCulture));
        try
        {
            using BlockLease? block = cache.TryGet(Cid.Parse(arguments[2]), end.Token);
            Console.WriteLine(block is null ? "absent" : $"read {block.Bytes.Length}");
        }
        catch (OperationCanceledException)
        {
            Console.WriteLine("waited");
        }

        return 0;
    }

    /// <summary>cache-evict DIRECTORY LOG BYTES: evicts down to a size; blocks are copied to the place first.</summary>
    public static int Evict(string[] arguments)
    {
        using CidStore store = Open(arguments[0], arguments[1], waits: false);
        RemoveResult result = store.Places.Cache.Evict(new CacheSettings
        {
            MaxBytes = long.Parse(arguments[2], CultureInfo.InvariantCulture),
            DemoteTo = "cold",
        });
        _ = store.Maintenance.Compact();
        Console.WriteLine($"evicted {result.Removed.Count}");
        return 0;
    }

    private sealed class LoggedBackend(BlockBackend inner, string log, bool waits) : BlockBackend(inner.Name)
    {
        public override bool CanPut => inner.CanPut;

        protected override bool TryRead(Cid cid, out ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            File.AppendAllText(log, $"{cid}\n");
            if (waits)
            {
                Console.WriteLine("fetching");
                _ = Console.ReadLine();
            }

            using BlockLease? block = inner.TryGet(cid, cancellationToken);
            bytes = block is null ? default : block.Bytes.ToArray();
            return block is not null;
        }

        protected override bool Has(Cid cid, CancellationToken cancellationToken) => inner.Contains(cid, cancellationToken);

        protected override void Write(Cid cid, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            inner.Put(cid, bytes, cancellationToken);

        protected override void Close() => inner.Dispose();
    }
}
