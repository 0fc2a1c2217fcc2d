using System.Globalization;

namespace ArrowCid.ProcessTests;

/// <summary>The workers that go on while damaged blocks are repaired.</summary>
internal static class RepairWorker
{
    /// <summary>The bytes of a numbered block.</summary>
    public static byte[] Bytes(int number)
    {
        var bytes = new byte[1000 + (number % 7 * 1500)];
        new Random(number).NextBytes(bytes);
        return bytes;
    }

    /// <summary>repair-read DIRECTORY BLOCKS SEED: reads blocks and proves them until its input ends; prints what was
    /// wrong, and how many were right and how many were refused.</summary>
    public static int Read(string[] arguments)
    {
        using CidStore store = CidStore.Open(arguments[0], new CidStoreOptions { Timeout = TimeSpan.FromSeconds(30) });
        (Cid Cid, byte[] Bytes)[] blocks = Blocks(arguments[1]);
        var random = new Random(Number(arguments[2]));
        long right = 0, refused = 0;
        for (Task end = EndOfInput(); !end.IsCompleted || right == 0;)
        {
            (Cid cid, byte[] bytes) = blocks[random.Next(blocks.Length)];
            try
            {
                byte[]? read = store.Reading.ReadBlock(cid);
                if (read is null) Console.WriteLine($"wrong: {cid} is gone");
                else if (!read.AsSpan().SequenceEqual(bytes)) Console.WriteLine($"wrong: {cid} has other bytes");
                else right++;
            }
            catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
            {
                refused++;
            }
        }

        Console.WriteLine($"read {right} {refused}");
        return 0;
    }

    /// <summary>repair-write DIRECTORY BLOCKS SEED: puts new blocks, and known ones again, until its input ends; prints
    /// the numbers of the new ones, and how many known ones it found damaged.</summary>
    public static int Write(string[] arguments)
    {
        using CidStore store = CidStore.Open(arguments[0], new CidStoreOptions { Timeout = TimeSpan.FromSeconds(30) });
        int known = Number(arguments[1]), seed = Number(arguments[2]), repaired = 0, written = 0;
        var random = new Random(seed);
        for (Task end = EndOfInput(); !end.IsCompleted || written == 0; written++)
        {
            int number = (seed * 1_000_000) + written;
            _ = store.PutRaw(Bytes(number));
            PutResult put = store.PutRaw(Bytes(random.Next(known)));
            if (put.IsNew) Console.WriteLine($"wrong: {put.Cid} was gone");
            repaired += put.IsRepaired ? 1 : 0;
        }

        Console.WriteLine($"wrote {written} {repaired}");
        return 0;
    }

    /// <summary>All numbered blocks, with their CIDs.</summary>
    public static (Cid Cid, byte[] Bytes)[] Blocks(string count) => [.. Enumerable.Range(0, Number(count))
        .Select(Bytes).Select(bytes => (Cid.Sha256(Multicodec.Raw, bytes), bytes))];

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static Task<string> EndOfInput() => Task.Run(() => Console.In.ReadToEnd());
}
