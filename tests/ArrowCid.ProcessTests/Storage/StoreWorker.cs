using System.Globalization;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.ProcessTests;

/// <summary>The store's side of the workers: numbered blocks, whose bytes any process can work out.</summary>
internal static class StoreWorker
{
    /// <summary>put DIRECTORY FROM COUNT LENGTH ENTRIES: puts blocks and prints each number once it is
    /// acknowledged.</summary>
    public static int Put(string[] arguments)
    {
        int from = Number(arguments[1]), count = Number(arguments[2]), length = Number(arguments[3]);
        using var output = new StreamWriter(Console.OpenStandardOutput());
        output.AutoFlush = true;
        using BlockStore store = BlockStore.Open(arguments[0], Settings(Number(arguments[4])));
        for (int number = from; number < from + count; number++)
        {
            _ = Put(store, number, length);
            output.WriteLine(number);
        }

        return 0;
    }

    /// <summary>look-up DIRECTORY COUNT LENGTH: waits for blocks 0 to COUNT in turn and prints how many had wrong
    /// bytes.</summary>
    public static int LookUp(string[] arguments)
    {
        int count = Number(arguments[1]), length = Number(arguments[2]), wrong = 0;
        using BlockStore store = BlockStore.Open(arguments[0], new StoreSettings { ReadOnly = true });
        for (int number = 0; number < count; number++)
        {
            byte[] bytes = Bytes(number, length);
            Digest256 digest = Sha256.Hash(bytes);
            RecordLease? lease;
            while ((lease = store.Find(digest)) is null) Thread.Yield();
            using (lease)
            {
                if (!lease.Memory.Span.SequenceEqual(bytes)) wrong++;
            }
        }

        Console.WriteLine(wrong);
        return 0;
    }

    /// <summary>watch DIRECTORY COUNT LENGTH: says that it is ready, then expects the announcements of blocks 0 to COUNT, one
    /// writer's, in turn, and prints how far they came.</summary>
    public static int Watch(string[] arguments)
    {
        int count = Number(arguments[1]), length = Number(arguments[2]), number = 0;
        using BlockStore store = BlockStore.Open(arguments[0], new StoreSettings { ReadOnly = true });
        using LogReader tail = store.Tail(Cursor.Now);
        Console.WriteLine("ready");
        var pause = new LogPause(store.Signal);
        while (number < count)
        {
            if (tail.TryNext(out LogEvent found))
            {
                pause.Reset();
                Digest256 expected = Sha256.Hash(Bytes(number, length));
                RecordKind kind = number % 3 == 2 ? RecordKind.Ref : RecordKind.Raw;
                bool isNext = found.Gap is null && found.Record.RecordKind == kind && found.Record.Digest == expected &&
                    found.Record.Sequence == (ulong)number + 1;
                if (!isNext)
                {
                    Console.WriteLine($"{number} in order, then {found.Record.RecordKind} {found.Record.Sequence} {found.Gap}");
                    return 1;
                }

                number++;
            }
            else if (!pause.LooksAgain())
            {
                pause.Sleep(TimeSpan.MaxValue);
            }
        }

        // Nothing comes behind the last.
        Console.WriteLine($"{number} in order{(tail.TryNext(out _) ? ", and more" : "")}");
        return 0;
    }

    public static StoreSettings Settings(int entries) => new()
    {
        Capacity = 128 << 20,
        SegmentSize = entries < 1024 ? 1 << 20 : 8 << 20,
        Timeout = TimeSpan.FromSeconds(60),
        InitialIndexEntries = entries,
        TickInterval = TimeSpan.FromMilliseconds(10),
    };

    public static bool Put(BlockStore store, int number, int length)
    {
        var request = new PutRequest(RecordKind.Raw, 0x55, new Source(Bytes(number, length)), default, 0, default);
        return store.Put(in request, out _);
    }

    /// <summary>Block n: every third repeats an earlier one; lengths differ.</summary>
    public static byte[] Bytes(int number, int length)
    {
        int own = number % 3 == 2 ? number - 1 : number;
        var bytes = new byte[length + (own % 7)];
        new Random(own).NextBytes(bytes.AsSpan(0, Math.Min(bytes.Length, 4096)));
        BitConverter.TryWriteBytes(bytes, own);
        return bytes;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private sealed class Source(byte[] bytes) : IBlockSource
    {
        public int Length => bytes.Length;

        public Digest256 WriteTo(Span<byte> destination)
        {
            bytes.CopyTo(destination);
            return Sha256.Hash(destination);
        }
    }
}
