using System.Globalization;
using ArrowCid.Columnar;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>Files of any length go out and come in within memory that follows from a row group, not from the file.
/// <c>ARROWCID_LONG=1</c> takes 2 GiB.</summary>
public class ExportMemoryTests
{
    private const int RowsPerBatch = 200_000;

    // What the runtime takes by itself, and a row group some times over: as it lies in the file, as it is decoded, as it
    // is compressed, and what the collector has not yet taken back.
    private const long OwnBytes = 64 << 20;
    private const int RowGroupsHeld = 6;

    private static bool IsLong => Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1";

    [Theory]
    [InlineData("parquet")]
    [InlineData("csv")]
    [InlineData("json")]
    public void A_file_goes_out_and_comes_in_within_memory_that_a_row_group_takes(string format)
    {
        using var folder = new TemporaryFolder();
        long bytes = IsLong ? 2L << 30 : 160 << 20, batchBytes = Put(folder, bytes, out string[] cids);
        long most = OwnBytes + RowGroupsHeld * batchBytes;
        Assert.True(IsLong || most < bytes, $"{most} bytes are no bound for {bytes}");
        string file = folder.PathOf(format == "json" ? "rows.jsonl" : $"rows.{format}"), into = folder.PathOf("other");
        long exported = Command.AnonymousPeak("export", format, "rows", "-o", file, "--store", folder.Store);
        string[] import = ["import", "--rows-per-block", $"{RowsPerBatch}", "--store", into, file];
        long imported = Command.AnonymousPeak(import);
        Assert.Equal(cids.Length, Command.Run("ls", "--store", into).Succeeds().Lines.Length);
        if (format == "parquet")
        {
            Assert.Equal(cids.Order(StringComparer.Ordinal), Command.Run("ls", "--store", into).Succeeds().Lines
                .Select(line => line.Split(' ')[0]).Order(StringComparer.Ordinal));
        }

        Assert.True(exported <= most && imported <= most,
            $"{format} of {bytes >> 20} MiB in batches of {batchBytes >> 10} KiB: {exported >> 10} KiB to write, " +
            $"{imported >> 10} KiB to read, {most >> 10} KiB at most");
    }

    /// <summary>Puts a dataset of so many bytes; gives the bytes of a batch.</summary>
    private static long Put(TemporaryFolder folder, long bytes, out string[] cids)
    {
        using var store = CidStore.Open(folder.Store, new CidStoreOptions { Capacity = 4L << 30 });
        var puts = new List<PutResult>();
        for (long have = 0; have < bytes; have += puts[^1].ByteLength) puts.Add(store.Put(Batch(puts.Count)));
        PutResult dataset = store.Datasets.Put([.. puts.Select(put => put.Cid)]);
        _ = store.Names.Set("rows", dataset.Cid);
        cids = [.. puts.Select(put => put.Cid.ToString())];
        return puts.Max(put => put.ByteLength);
    }

    private static RecordBatch Batch(int number)
    {
        var random = new Random(number);
        var texts = new BytesBuilder();
        long[] numbers = new long[RowsPerBatch];
        double[] values = new double[RowsPerBatch];
        for (int i = 0; i < RowsPerBatch; i++)
        {
            numbers[i] = (long)number * RowsPerBatch + i;
            values[i] = random.Next(1_000_000) / 64.0;
            texts.Append(string.Create(CultureInfo.InvariantCulture, $"text {numbers[i]} of {random.Next()}"));
        }

        return RecordBatch.Of(("i", ArrowArray.From<long>(numbers)), ("f", ArrowArray.From<double>(values)), ("s", texts.Build()));
    }
}
