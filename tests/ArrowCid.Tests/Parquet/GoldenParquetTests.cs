using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Parquet;
using ArrowCid.Tests.Ipc;

namespace ArrowCid.Tests.Parquet;

/// <summary>Files that are kept: what was written once is written so again, and reads as it did.</summary>
public sealed class GoldenParquetTests
{
    [Theory]
    [InlineData("v1", "vectors/v1.arrows")]
    [InlineData("union-plain", "vectors/more/union-plain.arrows")]
    public void A_batch_is_written_as_it_was(string name, string source)
    {
        byte[] golden = IpcData.Bytes($"parquet-golden/{name}.parquet");
        RecordBatch batch = CanonicalBlock.DecodeView(CanonicalBlock.Encode(Only(source)).Bytes);
        Assert.Equal(golden,
            ParquetFile.Write(new ParquetWriteOptions { Compression = ParquetCompression.None }, batch));
        Assert.Equal(CanonicalBlock.CidOf(batch), CanonicalBlock.CidOf(Assert.Single(ParquetFile.Read(golden))));
    }

    private static RecordBatch Only(string source)
    {
        using var reader = ArrowReader.Open(IpcData.Bytes(source));
        return reader.ReadView()!;
    }
}
