using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Tests.Ipc;

public sealed class ArrowReaderFixtureTests
{
    public static TheoryData<string> Valid() => [.. IpcData.Valid()];

    [Theory]
    [MemberData(nameof(Valid))]
    public void Every_stream_and_file_of_others_reads_with_its_rows(string name)
    {
        List<RecordBatch> batches = ReadAll(ArrowReader.Open(IpcData.Bytes(name)));
        Dictionary<string, int[]> known = IpcData.RowCounts();
        if (known.TryGetValue(name, out int[]? rows))
            Assert.Equal(rows, batches.Select((batch, i) => i < rows.Length && rows[i] < 0 ? -1 : batch.Length));
        else Assert.True(name.Contains("twins/", StringComparison.Ordinal) || batches.Count <= 1, name);
        Assert.All(batches, batch => Assert.NotEmpty(SlotText.Of(batch)));
    }

    [Theory]
    [MemberData(nameof(Valid))]
    public void A_pipe_gives_what_memory_gives(string name)
    {
        byte[] bytes = IpcData.Bytes(name);
        IEnumerable<string> mapped = ReadAll(ArrowReader.Open(bytes)).Select(SlotText.Of);
        using var pipe = new ThrottledStream(bytes, 700);
        using ArrowReader reader = ArrowReader.Open(pipe);
        Assert.Equal(mapped, ReadAll(reader).Select(SlotText.Of));
        Assert.Equal(bytes.AsSpan().StartsWith("ARROW1"u8), reader.Traits.IsFile);
    }

    [Fact]
    public void All_forms_of_a_twin_say_the_same()
    {
        string[][] twins = [.. IpcData.Names("vectors/twins").GroupBy(name => Path.GetFileName(name).Split('.')[0])
            .Select(group => group.ToArray())];
        Assert.Equal(7, twins.Length);
        foreach (string[] forms in twins)
        {
            string[] texts = [.. forms.Select(form => string.Join('\n', ReadAll(ArrowReader.Open(IpcData.Bytes(form))).Select(SlotText.Of)))];
            Assert.True(texts.Length >= 4);
            for (int i = 1; i < texts.Length; i++) Assert.True(texts[0] == texts[i], $"{forms[i]} differs from {forms[0]}");
        }
    }

    [Fact]
    public void Every_block_of_the_table_is_tested()
    {
        string[] missing = [.. IpcData.RowCounts().Keys.Except(IpcData.Valid()).Where(name => !name.StartsWith("data/", StringComparison.Ordinal))];
        Assert.Empty(missing);
    }

    [Fact]
    public void A_file_and_a_stream_are_told_apart()
    {
        Assert.True(ArrowReader.Open(IpcData.Bytes("arrow-ipc/generated_nested.arrow_file")).Traits.IsFile);
        Assert.False(ArrowReader.Open(IpcData.Bytes("vectors/v1.arrows")).Traits.IsFile);
    }

    [Fact]
    public void Traits_name_what_was_met()
    {
        IpcTraits v4 = Traits("vectors/twins/structs.v4.arrows");
        Assert.Equal(IpcMessage.V4, v4.MetadataVersion);
        Assert.True(Traits("vectors/twins/structs.legacy.arrows").HasLegacyFraming);
        Assert.True(Traits("vectors/twins/text.lz4.arrows").HasLz4Bodies);
        Assert.True(Traits("vectors/twins/text.zstd.arrows").HasZstdBodies);
        Assert.Equal(64, Traits("vectors/v1.arrows").Alignment);
        Assert.Equal(8, Traits("arrow-ipc/cpp-21.0.0/generated_nested.stream").Alignment);
        Assert.Equal(1, Traits("vectors/v1.arrows").Batches);
        Assert.True(Traits("vectors/more/dictionary-deltas.arrows").DeltaDictionaries > 0);
        Assert.True(Traits("vectors/more/dictionary-replaced.arrows").ReplacedDictionaries > 0);
    }

    private static IpcTraits Traits(string name)
    {
        ArrowReader reader = ArrowReader.Open(IpcData.Bytes(name));
        ReadAll(reader);
        return reader.Traits;
    }

    internal static List<RecordBatch> ReadAll(ArrowReader reader)
    {
        var batches = new List<RecordBatch>();
        while (reader.ReadView() is { } batch) batches.Add(batch);
        Assert.Null(reader.ReadView());
        return batches;
    }
}
