using System.Buffers.Binary;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Tests.Canonical;
using ArrowCid.Tests.Generators;

namespace ArrowCid.Tests.Ipc;

/// <summary>Batches whose bodies are too large to hold, read in parts by rows or buffer by buffer.</summary>
public sealed class LargeBatchTests
{
    [Fact]
    public void Parts_of_a_large_batch_hold_its_rows_whatever_their_layout()
    {
        int parts = 0;
        Seeds.Run((made, random) =>
        {
            IpcKnobs knobs = (IpcKnobs)random.Next((int)IpcKnobs.All + 1) &
                (IpcKnobs.File | IpcKnobs.Legacy | IpcKnobs.BigEndian | IpcKnobs.Narrow | IpcKnobs.NoEmpty);
            var disguise = (Disguise)random.Next((int)Disguise.All + 1) & ~(Disguise.Slices | Disguise.SchemaDress);
            RecordBatch laid = MemoryLayout.Lay(made.Says, disguise, random, exact: true);
            byte[] foreign = TestIpcWriter.Write(made.Says.Schema, [laid], knobs, random);
            int rows = random.Next(1, made.Says.Length + 2), unit = random.Next(1, 5);
            try
            {
                Assert.Equal(Cut(Open(foreign, new ArrowReadOptions()), rows), Cut(Open(foreign, Parts(unit)), rows));
                Assert.Equal(Cut(Open(foreign, new ArrowReadOptions()), rows), Cut(Open(foreign, Parts(rows)), rows));
                parts += Open(foreign, Parts(unit)).Count();
            }
            catch (InvalidArrowException e) when (e.Code == ErrorCode.Unsupported)
            {
                Assert.Contains("ordered", e.Message, StringComparison.Ordinal);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"{made}\nwritten with {knobs}, in disguise {disguise}", e);
            }
        });
        if (Seeds.AreMany) Assert.True(parts > 1000, $"{parts} parts");
    }

    [Fact]
    public void Large_batches_of_other_writers_give_the_same_blocks()
    {
        int cut = 0, refused = 0;
        foreach (string name in IpcData.Valid().Where(IpcData.IsSmall))
        {
            byte[] bytes = IpcData.Bytes(name);
            var whole = new ArrowReadOptions { DropCustomMetadata = true };
            foreach (int rows in new[] { 3, 1 << 20 })
            {
                Cid[] wanted = Cut(Open(bytes, whole), rows);
                Assert.Equal(wanted, Cut(Open(bytes, Parts(3)), rows));
                Assert.Equal(wanted, Cut(Open(new ThrottledStream(new MemoryStream(bytes)), Parts(3)), rows));
            }

            if (Open(bytes, Parts(3)).Count() > Open(bytes, whole).Count()) cut++;
            var limited = new ArrowReadOptions { DropCustomMetadata = true, WholeBodyBytes = 0 };
            try
            {
                _ = Open(bytes, limited).Count();
            }
            catch (InvalidArrowException e)
            {
                Assert.Equal(ErrorCode.TooLarge, e.Code);
                refused++;
            }
        }

        Assert.True(cut > 50 && refused > 50, $"{cut} files were read in parts, {refused} refused");
    }

    [Fact]
    public void A_damaged_large_batch_is_refused_or_gives_the_rows_of_a_whole_one()
    {
        int refused = 0, same = 0;
        var random = new Random(1);
        foreach (string name in IpcData.Valid().Where(IpcData.IsSmall))
        {
            byte[] good = IpcData.Bytes(name);
            for (int i = 0; i < 20; i++)
            {
                byte[] bytes = [.. good];
                for (int change = random.Next(1, 4); change > 0; change--)
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                Cid[]? whole = Tried(bytes, new ArrowReadOptions { DropCustomMetadata = true }, out _);
                Cid[]? parts = Tried(bytes, Parts(5), out string? why);
                if (parts is null) refused++;
                // Parts need the whole dictionary to be sound, also entries that no row names.
                if (whole is null || why?.StartsWith("a dictionary's offsets", StringComparison.Ordinal) == true) continue;
                Assert.True(parts is not null && whole.SequenceEqual(parts), $"{name}, change {i}: {why}");
                same++;
            }
        }

        Assert.True(refused > 100 && same > 100, $"{refused} refused, {same} the same");
    }

    [Fact]
    public void A_part_holds_the_bytes_of_its_own_rows()
    {
        byte[] stream = Written(10_000);
        var options = new ArrowReadOptions
        {
            ReadsLargeBatches = true,
            WholeBodyBytes = 4096,
            PartBytes = 5000,
            PartRows = 300,
        };
        RecordBatch[] parts = [.. Open(stream, options)];
        Assert.Equal(10_000, parts.Sum(part => part.Length));
        Assert.All(parts.SkipLast(1), part => Assert.Equal(600, part.Length));
        Assert.All(parts, part => Assert.Equal(part.Length * sizeof(long), part.Columns[0].Buffers[1].Length));
        Assert.Equal(Enumerable.Range(0, 10_000).Select(i => (long)i),
            parts.SelectMany(part => part.Column<long>("n").Values.ToArray()));
    }

    [Fact]
    public void A_large_batch_is_refused_when_its_input_ends()
    {
        byte[] cut = Written(1000)[..5000];
        var options = new ArrowReadOptions { ReadsLargeBatches = true, WholeBodyBytes = 4096 };
        foreach (Stream stream in new Stream[] { new MemoryStream(cut), new ThrottledStream(new MemoryStream(cut)) })
        {
            var refused = Assert.Throws<InvalidArrowException>(() => Open(stream, options).Count());
            Assert.Contains("ends inside a message's body", refused.Rule, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_buffer_over_2_GiB_is_read_in_parts()
    {
        const long Small = 8184, Rows = 300_000_000;
        byte[] stream = Written((int)Small);
        int head = stream.Length - (int)(Small * sizeof(long)) - 8;
        Replace(stream.AsSpan(0, head), Small, Rows);
        Replace(stream.AsSpan(0, head), Small * sizeof(long), Rows * sizeof(long));
        string path = Path.GetTempFileName();
        try
        {
            using var file = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1);
            file.Write(stream.AsSpan(0, head));
            file.SetLength(head + Rows * sizeof(long));
            file.Position = file.Length - sizeof(long);
            file.Write(BitConverter.GetBytes(42L));
            file.Write(stream.AsSpan(stream.Length - 8));
            file.Position = 0;
            var forward = new ArrowReadOptions { ReadsLargeBatches = true, LeaveOpen = true };
            var refused = Assert.Throws<InvalidArrowException>(() => Open(new ThrottledStream(file), forward).Count());
            Assert.Equal((ErrorCode.TooLarge, true), (refused.Code, refused.Rule.Contains("cannot seek", StringComparison.Ordinal)));
            file.Position = 0;
            long rows = 0, last = 0;
            foreach (RecordBatch part in Open(file, new ArrowReadOptions { ReadsLargeBatches = true, PartRows = 1 << 20 }))
            {
                Assert.True(part.Length <= 4 << 20, $"a part has {part.Length} rows");
                rows += part.Length;
                last = part.Column<long>("n").Values[^1];
            }

            Assert.Equal((Rows, 42), (rows, last));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Replace(Span<byte> bytes, long old, long by)
    {
        int replaced = 0;
        for (int i = 0; i + 8 <= bytes.Length; i++)
        {
            if (BinaryPrimitives.ReadInt64LittleEndian(bytes[i..]) != old) continue;
            BinaryPrimitives.WriteInt64LittleEndian(bytes[i..], by);
            replaced++;
        }

        Assert.Equal(2, replaced);
    }

    private static byte[] Written(int rows)
    {
        using var stream = new MemoryStream();
        RecordBatch batch =
            RecordBatch.Of(("n", ArrowArray.From<long>(Enumerable.Range(0, rows).Select(i => (long)i).ToArray())));
        var writer = new ArrowWriter(stream, batch.Schema);
        writer.Write(batch);
        writer.Finish();
        return stream.ToArray();
    }

    /// <summary>Every batch in parts of a few rows.</summary>
    private static ArrowReadOptions Parts(int rows) => new()
    {
        DropCustomMetadata = true,
        ReadsLargeBatches = true,
        WholeBodyBytes = -1,
        PartBytes = 1,
        PartRows = rows,
    };

    private static Cid[]? Tried(byte[] bytes, ArrowReadOptions options, out string? why)
    {
        why = null;
        try
        {
            return Cut(Open(bytes, options), 1 << 20);
        }
        catch (ArrowCidException e)
        {
            why = e.Message;
            return null;
        }
    }

    private static Cid[] Cut(IEnumerable<RecordBatch> batches, int rows) =>
        [.. BatchCut.EveryRows(batches, rows).Select(CanonicalBlock.CidOf)];

    private static IEnumerable<RecordBatch> Open(byte[] bytes, ArrowReadOptions options) =>
        Open(new MemoryStream(bytes), options);

    private static IEnumerable<RecordBatch> Open(Stream stream, ArrowReadOptions options)
    {
        using var reader = ArrowReader.Open(stream, options);
        while (reader.ReadView() is { } batch) yield return batch;
    }
}
