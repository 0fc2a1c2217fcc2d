using System.Buffers.Binary;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Tests.Generators;

namespace ArrowCid.Tests.Ipc;

/// <summary>The file format of Arrow IPC: what is written, and what is read of footers.</summary>
public sealed class ArrowFileTests
{
    private const string Golden = "arrow-ipc/generated_primitive.arrow_file";

    [Fact]
    public void A_file_holds_batches_of_any_dictionaries_and_gives_their_CIDs_again()
    {
        int withDictionaries = 0, ordered = 0;
        Seeds.Run((made, random) =>
        {
            RecordBatch[] parts = Cut(made.Batch, random);
            using var file = new MemoryStream();
            try
            {
                withDictionaries += Write(parts, file) ? 1 : 0;
            }
            catch (ArrowCidException e) when (e.Code == ErrorCode.Unsupported)
            {
                // Ordered dictionaries have no order together.
                Assert.Contains("differs from the one written before it", e.Message, StringComparison.Ordinal);
                ordered++;
                return;
            }

            file.Position = 0;
            Assert.Equal(parts.Select(CanonicalBlock.CidOf), Cids(file));
            Assert.Equal(parts.Select(CanonicalBlock.CidOf), Cids(new ThrottledStream(new MemoryStream(file.ToArray()))));
            using var reader = ArrowReader.Open(file.ToArray());
            while (reader.ReadView() is not null) continue;
        });
        if (Seeds.AreMany) Assert.True(withDictionaries > 20 && ordered < withDictionaries, $"{withDictionaries}, {ordered}");
    }

    [Fact]
    public void A_file_refuses_dictionaries_that_an_index_cannot_count_together()
    {
        RecordBatch[] batches = [Coded(0, 100), Coded(100, 27), Coded(50, 77)];
        using var file = new MemoryStream();
        _ = Write(batches, file);
        file.Position = 0;
        Assert.Equal(batches.Select(CanonicalBlock.CidOf), Cids(file));
        var writer = new ArrowWriter(new MemoryStream(), batches[0].Schema, ArrowFormat.File);
        writer.Prescan(batches[0]);
        writer.Prescan(batches[1]);
        var refused = Assert.Throws<InvalidArrowException>(() => writer.Prescan(Coded(127, 2)));
        Assert.Equal(ErrorCode.TooLarge, refused.Code);
    }

    [Fact]
    public void A_file_refuses_another_dictionary_that_it_was_not_shown()
    {
        var writer = new ArrowWriter(new MemoryStream(), Coded(0, 3).Schema, ArrowFormat.File);
        Assert.True(writer.NeedsPrescan);
        writer.Write(Coded(0, 3));
        Assert.Equal(ErrorCode.Unsupported, Assert.Throws<ArrowCidException>(() => writer.Write(Coded(1, 3))).Code);
        _ = Assert.Throws<InvalidOperationException>(() => writer.Prescan(Coded(1, 3)));
        Assert.False(new ArrowWriter(new MemoryStream(), Coded(0, 3).Schema).NeedsPrescan);
    }

    [Fact]
    public void A_footer_without_a_version_leaves_it_to_the_messages()
    {
        byte[] file = IpcData.Bytes(Golden);
        Cid[] wanted = Cids(new MemoryStream(file));
        int slot = VersionSlot(file), at = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(slot));
        int table = Footer(file);
        byte[] older = [.. file];
        BinaryPrimitives.WriteInt16LittleEndian(older.AsSpan(table + at), 2);
        var refused = Assert.Throws<InvalidArrowException>(() => ArrowReader.Open(older));
        Assert.Equal((ErrorCode.Unsupported, "metadata version V3 is not read; V4 and V5 are"), (refused.Code, refused.Rule));
        byte[] absent = [.. file];
        BinaryPrimitives.WriteUInt16LittleEndian(absent.AsSpan(slot), 0);
        Assert.Equal(wanted, Cids(new MemoryStream(absent)));
        using var reader = ArrowReader.Open(absent);
        Assert.NotNull(reader.ReadView());
    }

    [Fact]
    public void A_file_that_can_seek_is_not_held_whole()
    {
        byte[] file = IpcData.Bytes(Golden);
        var options = new ArrowReadOptions { MemoryBudget = file.Length - 1 };
        using var reader = ArrowReader.Open(new MemoryStream(file), options);
        Assert.NotNull(reader.ReadView());
        byte[] behind = [1, 2, 3, .. file];
        Assert.Equal(Cids(new MemoryStream(file)), Cids(new MemoryStream(behind) { Position = 3 }));
    }

    /// <summary>Writes batches as a file.</summary>
    /// <returns>Whether their dictionaries were looked at first.</returns>
    internal static bool Write(RecordBatch[] batches, Stream target)
    {
        var writer = new ArrowWriter(target, batches[0].Schema, ArrowFormat.File);
        foreach (RecordBatch batch in writer.NeedsPrescan ? batches : []) writer.Prescan(batch);
        foreach (RecordBatch batch in batches) writer.Write(batch);
        writer.Finish();
        return writer.NeedsPrescan;
    }

    /// <summary>A dictionary of int32 entries with int8 indices, each used once.</summary>
    internal static RecordBatch Coded(int first, int count)
    {
        var values = ArrowArray.From<int>(Enumerable.Range(first, count).ToArray());
        byte[] indices = [.. Enumerable.Range(0, count).Select(i => (byte)i)];
        var type = new DictionaryType(ArrowArray.From<sbyte>(new sbyte[1]).Type, values.Type);
        return RecordBatch.Of(("d", new ArrowArray(type, count, [default, indices], null, values)));
    }

    private static RecordBatch[] Cut(RecordBatch batch, Random random)
    {
        int first = random.Next(batch.Length + 1), second = random.Next(first, batch.Length + 1);
        return [batch.Slice(0, first), batch.Slice(first, second - first), batch.Slice(second, batch.Length - second)];
    }

    private static Cid[] Cids(Stream stream, ArrowReadOptions? options = null)
    {
        using var reader = ArrowReader.Open(stream, options);
        return [.. Batches(reader).Select(CanonicalBlock.CidOf)];
    }

    private static IEnumerable<RecordBatch> Batches(ArrowReader reader)
    {
        while (reader.ReadView() is { } batch) yield return batch;
    }

    private static int Footer(byte[] file)
    {
        int size = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(file.Length - 10)), start = file.Length - 10 - size;
        return start + BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(start));
    }

    private static int VersionSlot(byte[] file)
    {
        int table = Footer(file);
        return table - BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(table)) + 4;
    }
}
