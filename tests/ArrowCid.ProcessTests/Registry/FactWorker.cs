using System.Globalization;
using System.Text;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.ProcessTests;

/// <summary>Workers that write facts: block n has the fact "of n", and every fifth n the fact "alone n" as
/// well.</summary>
internal static class FactWorker
{
    public const int Length = 20_000;

    /// <summary>facts DIRECTORY FROM COUNT DURABILITY: puts blocks with facts, four at a time where n is a multiple of
    /// eight, and prints each number once all of it is acknowledged.</summary>
    public static int Put(string[] arguments)
    {
        int from = Number(arguments[1]), end = from + Number(arguments[2]);
        using var output = new StreamWriter(Console.OpenStandardOutput());
        output.AutoFlush = true;
        using BlockStore store = BlockStore.Open(arguments[0], Settings(Enum.Parse<Durability>(arguments[3])));
        for (int number = from; number < end;)
        {
            int many = number % 8 == 0 ? Math.Min(4, end - number) : 1;
            PutRequest[] requests = Enumerable.Range(number, many).Select(Request).ToArray();
            if (many > 1) _ = store.PutMany(requests, new BlockInfo[many]);
            else _ = store.Put(in requests[0], out _);
            for (int last = number + many; number < last; number++)
            {
                if (number % 5 == 0) _ = store.Append(new Fact($"alone {number}"));
                output.WriteLine(number);
            }
        }

        return 0;
    }

    /// <summary>hold-name DIRECTORY HASH: takes a name's lock, says so, and keeps it until its input ends.</summary>
    public static int HoldName(string[] arguments)
    {
        using BlockStore store = BlockStore.Open(arguments[0], Settings(Durability.None));
        using IDisposable held = store.Coordination.LockName((uint)Number(arguments[1]), TimeSpan.FromSeconds(60));
        Console.WriteLine("held");
        _ = Console.In.ReadToEnd();
        return 0;
    }

    public static StoreSettings Settings(Durability durability) => new()
    {
        Capacity = 64 << 20,
        SegmentSize = 1 << 20,
        Timeout = TimeSpan.FromSeconds(60),
        TickInterval = TimeSpan.FromMilliseconds(5),
        Durability = durability,
    };

    /// <summary>Every third block repeats an earlier one. Some facts are as long as a third of a segment of
    /// theirs.</summary>
    public static PutRequest Request(int number) => new(RecordKind.Raw, 0x55,
        new Source(StoreWorker.Bytes(number, Length)), default, 0, default, new Fact(TextOf(number)));

    public static string TextOf(int number) => $"of {number}" + new string('.', number % 4 == 0 ? 60_000 : 0);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private sealed class Fact(string text) : IFactSource
    {
        public int Write(in BlockInfo block, Span<byte> destination) => Encoding.UTF8.GetBytes(text, destination);
    }

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
