using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Tests.Generators;

namespace ArrowCid.Tests.Ipc;

/// <summary>Streams and files whose buffers are compressed.</summary>
public sealed class CompressedWriterTests
{
    public static TheoryData<ArrowCompression, ArrowFormat> Forms() => new()
    {
        { ArrowCompression.Lz4, ArrowFormat.Stream },
        { ArrowCompression.Lz4, ArrowFormat.File },
        { ArrowCompression.Zstd, ArrowFormat.Stream },
        { ArrowCompression.Zstd, ArrowFormat.File },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void Compressed_batches_of_any_types_have_the_CIDs_of_the_plain_ones(ArrowCompression compression,
        ArrowFormat format) => Seeds.Run((made, _) =>
    {
        byte[] bytes = Write(compression, format, made.Batch, made.Batch);
        using var reader = ArrowReader.Open(bytes);
        for (int i = 0; i < 2; i++) Assert.Equal(CanonicalBlock.CidOf(made.Batch), CanonicalBlock.CidOf(reader.ReadView()!));
        Assert.Null(reader.ReadView());
    });

    [Theory]
    [InlineData(ArrowCompression.Lz4, 0.6)]
    [InlineData(ArrowCompression.Zstd, 0.45)]
    public void Compressed_stream_of_repeated_values_is_smaller(ArrowCompression compression, double share)
    {
        var batch = RecordBatch.Of(("n", ArrowArray.From<long>(Enumerable.Range(0, 200_000).Select(i => i / 50L).ToArray())));
        int plain = Write(ArrowCompression.None, ArrowFormat.Stream, batch).Length;
        Assert.InRange(Write(compression, ArrowFormat.Stream, batch).Length, 1, (int)(plain * share));
    }

    [Theory]
    [InlineData(ArrowCompression.Lz4)]
    [InlineData(ArrowCompression.Zstd)]
    public void Buffer_that_does_not_become_smaller_is_sent_plain(ArrowCompression compression)
    {
        byte[] noise = new byte[5 << 20];
        new Random(20261123).NextBytes(noise);
        var batch = RecordBatch.Of(("n", ArrowArray.From<byte>(noise)));
        byte[] bytes = Write(compression, ArrowFormat.Stream, batch);
        Assert.True(bytes.AsSpan().IndexOf(noise) > 0);
        using var reader = ArrowReader.Open(bytes);
        Assert.Equal(CanonicalBlock.CidOf(batch), CanonicalBlock.CidOf(reader.ReadView()!));
    }

    internal static byte[] Write(ArrowCompression compression, ArrowFormat format, params RecordBatch[] batches)
    {
        using var target = new MemoryStream();
        var writer = new ArrowWriter(target, batches[0].Schema, format, compression);
        foreach (RecordBatch batch in writer.NeedsPrescan ? batches : []) writer.Prescan(batch);
        foreach (RecordBatch batch in batches) writer.Write(batch);
        writer.Finish();
        return target.ToArray();
    }
}
