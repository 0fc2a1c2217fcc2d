using System.Globalization;

namespace ArrowCid.ProcessTests;

/// <summary>The workers that put and read blocks in transactions.</summary>
internal static class TransactionWorker
{
    public const int Each = 3;

    private static readonly PutManyOptions s_together = new() { AllOrNothing = true };

    /// <summary>transaction-write DIRECTORY ROUND: puts transactions until it is killed.</summary>
    public static int Write(string[] arguments)
    {
        using CidStore store = CidStore.Open(arguments[0], TransactionProcessTests.Options);
        int round = Number(arguments[1]);
        for (int i = 0; i < 1000; i++)
        {
            ReadOnlyMemory<byte>[] blocks = [.. Enumerable.Range(0, Each).Select(part => Bytes(round, i, part))];
            _ = store.PutRawMany(blocks, s_together);
        }

        return 0;
    }

    /// <summary>transaction-read DIRECTORY ROUNDS: looks transactions up until its input ends, the last block of each
    /// after the first and the other way round; prints "part" for each that it sees in part, and how many it
    /// saw.</summary>
    public static int Read(string[] arguments)
    {
        var options = new CidStoreOptions { ReadOnly = true, Timeout = TimeSpan.FromSeconds(30) };
        using CidStore store = CidStore.Open(arguments[0], options);
        int rounds = Number(arguments[1]), seen = 0;
        int[] next = new int[rounds];
        for (Task end = Task.Run(() => Console.In.ReadToEnd()); !end.IsCompleted;)
        {
            for (int round = 0; round < rounds; round++)
            {
                // A writer that was killed may have left the last one for its successor.
                int at = next[round], from = at % 2 == 0 ? 0 : Each - 1;
                if (!store.Contains(CidOf(round, at, from))) continue;
                if (!store.Contains(CidOf(round, at, Each - 1 - from))) Console.WriteLine($"part {round} {at}");
                next[round]++;
                seen++;
            }
        }

        Console.WriteLine($"seen {seen}");
        return 0;
    }

    private static byte[] Bytes(int round, int number, int part) =>
        [.. BitConverter.GetBytes(round), .. BitConverter.GetBytes(number), .. BitConverter.GetBytes(part)];

    private static Cid CidOf(int round, int number, int part) =>
        Cid.Sha256(Multicodec.Raw, Bytes(round, number, part));

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
