using System.Buffers.Binary;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>
/// Bytes changed in every shared word, header and table: a call ends in a result or in an ArrowCidException, and
/// never reads outside. Half of the changed headers get a right checksum again.
/// </summary>
public sealed class HostileBytesTests
{
    private const int Seed = 20261121;

    private static readonly StoreSettings s_settings = new()
    {
        Capacity = 8 << 20,
        SegmentSize = 1 << 20,
        Timeout = TimeSpan.FromMilliseconds(1),
        InitialIndexEntries = 64,
        TickInterval = TimeSpan.FromDays(1),
    };

    [Fact]
    public void Changed_bytes_anywhere_give_an_error_or_a_result()
    {
        int rounds = Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1" ? 200_000 : 4_000;
        using var directory = new TemporaryStore();
        List<Digest256> digests = Fill(directory);
        Dictionary<string, byte[]> good =
            Directory.GetFiles(directory.Directory).ToDictionary(path => path, File.ReadAllBytes);
        var outcomes = new Dictionary<string, int>();
        for (int round = 0; round < rounds; round++)
        {
            var random = new Random(Seed + round);
            string path = good.Keys.Order(StringComparer.Ordinal).ElementAt(random.Next(good.Count));
            byte[] bytes = (byte[])good[path].Clone();
            Change(Path.GetFileName(path), bytes, random);
            Overwrite(path, bytes);
            bool puts = round % 8 == 0;
            string outcome = Use(directory, digests, puts, round);
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
            if (puts) Restore(directory, good);
            else Overwrite(path, good[path]);
        }

        // Every kind of end was met: otherwise the changes miss what they are for.
        string met = string.Join(", ", outcomes.Select(pair => $"{pair.Key} {pair.Value}"));
        Assert.True(outcomes.ContainsKey("fine") && outcomes.ContainsKey(nameof(ErrorCode.BlockCorrupt)), met);
        using BlockStore store = directory.Open(s_settings);
        Assert.All(digests, digest => Assert.Equal(digest, Sha256.Hash(store.Read(digest)!)));
    }

    private static List<Digest256> Fill(TemporaryStore directory)
    {
        using BlockStore store = directory.Open(s_settings);
        List<Digest256> digests =
            Enumerable.Range(0, 24).Select(i => store.PutRaw(StoreCalls.Numbered(i, 4 + (i * 50)))).ToList();
        _ = store.PutRaw(StoreCalls.Numbered(3, 154));
        return digests;
    }

    private static void Change(string name, byte[] bytes, Random random)
    {
        if (name.StartsWith("seg", StringComparison.Ordinal) && random.Next(2) == 0)
        {
            ChangeRecord(bytes, random);
            return;
        }

        // Places that hold something: all-zero space is mostly never read.
        (int from, int to) = name[..3] switch
        {
            "ctl" => random.Next(4) switch
            {
                0 => (0, 512),
                1 => (4096, 5120),
                2 => (139264, 139264 + 1024),
                _ => (155648, 155648 + 256),
            },
            "idx" => random.Next(3) == 0 ? (0, 2100) : (4096, bytes.Length),
            "seg" => random.Next(2) == 0 ? (0, 2100) : (4096, 24_000),
            _ => (0, bytes.Length),
        };
        for (int i = random.Next(1, 5); i > 0; i--)
        {
            int at = Math.Min(random.Next(from, to), bytes.Length - 8);
            if (random.Next(2) == 0) bytes[at] ^= (byte)(1 << random.Next(8));
            else BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at & ~7), Telling(random));
        }

        if (random.Next(2) == 0) Reseal(name, bytes);
    }

    private static ulong Telling(Random random) => random.Next(5) switch
    {
        0 => ulong.MaxValue,
        1 => 0,
        2 => 1ul << random.Next(64),
        3 => (ulong)random.Next(1 << 21),
        _ => (ulong)random.NextInt64(),
    };

    private static void Reseal(string name, byte[] bytes)
    {
        if (name.StartsWith("ctl", StringComparison.Ordinal))
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4092), Layout.Crc(bytes.AsSpan(0, 4088)));
        else if (!name.StartsWith("wait", StringComparison.Ordinal))
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(2040), Layout.Crc(bytes.AsSpan(0, 2040)));
    }

    /// <summary>One field of one record's header, and a right checksum over it.</summary>
    private static void ChangeRecord(byte[] bytes, Random random)
    {
        List<(long Offset, RecordHeader Header)> records = SegmentBytes.Records(bytes);
        int at = (int)records[random.Next(records.Count)].Offset;
        Span<byte> header = bytes.AsSpan(at, 128);
        int field = random.Next(1, 16) * 8;
        BinaryPrimitives.WriteUInt64LittleEndian(header[field..], Telling(random));
        header[28..32].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header[28..], Layout.Crc(header));
    }

    private static string Use(TemporaryStore directory, List<Digest256> digests, bool puts, int round)
    {
        try
        {
            using BlockStore store = directory.Open(s_settings);
            string outcome = "fine";
            foreach (Digest256 digest in digests)
            {
                string one = ReadAll(store, digest);
                if (one != "fine") outcome = one;
            }

            foreach (BlockInfo info in store.List()) _ = info.ToString();
            _ = store.Figures();
            Watch(store, round);
            for (int i = 0; puts && i < 4; i++) _ = store.PutRaw(StoreCalls.Numbered(i * 20, 999));
            return outcome;
        }
        catch (ArrowCidException e)
        {
            return e.Code.ToString();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"round {round} of seed {Seed}: {e.Message}", e);
        }
    }

    /// <summary>A tail ends, whatever the log says: no record is looked at more often than it could be listed.</summary>
    private static void Watch(BlockStore store, int round)
    {
        using LogTail tail = store.Tail(Cursor.Oldest);
        int found = 0;
        while (tail.TryNext(out LogEvent one))
        {
            Assert.True(Cursor.TryParse(one.Cursor.ToString(), out _), $"round {round}: {one.Cursor}");
            Assert.True(++found < 1000, $"round {round}: the tail has no end");
        }

        using LogTail now = store.Tail(Cursor.Now);
        _ = now.TryNext(out _);
    }

    private static string ReadAll(BlockStore store, Digest256 digest)
    {
        try
        {
            using BlockLease? lease = store.Find(digest);
            if (lease is null) return "miss";
            _ = Sha256.Hash(lease.Memory.Span);
            _ = lease.Info.Time;
            return "fine";
        }
        catch (ArrowCidException e)
        {
            return e.Code.ToString();
        }
    }

    /// <summary>In place, so that the file stays the one whose inode the store knows.</summary>
    private static void Overwrite(string path, byte[] bytes)
    {
        using FileStream file = File.OpenWrite(path);
        file.Write(bytes);
    }

    private static void Restore(TemporaryStore directory, Dictionary<string, byte[]> good)
    {
        foreach (string path in Directory.GetFiles(directory.Directory))
        {
            if (!good.ContainsKey(path)) File.Delete(path);
        }

        foreach ((string path, byte[] bytes) in good) Overwrite(path, bytes);
    }
}
