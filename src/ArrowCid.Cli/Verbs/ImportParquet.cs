using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Parquet;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>import</c> of a Parquet file: one block per row group, or recut.</summary>
internal static class ImportParquet
{
    public static ImportFormat Format { get; } = new("Parquet", start => ParquetReader.IsParquet(start), Read);

    private static void Read(ImportRun run, Stream stream, string file)
    {
        // The whole file is proved before its first batch is put.
        foreach (RecordBatch batch in Batches(run, stream)) _ = CanonicalBlock.Address(batch);
        int number = 0;
        foreach (RecordBatch batch in Batches(run, stream))
        {
            PutResult put = run.Store.Put(batch);
            run.Batches.Add(put.Cid);
            HashVerb.Print(run.Output, put.Address, file, number++, run.IsJson, PutOutcome.Of(put));
        }
    }

    private static IEnumerable<RecordBatch> Batches(ImportRun run, Stream stream)
    {
        IEnumerable<RecordBatch> groups = Groups(run, stream);
        return run.RowsPerBlock is { } rows ? BatchCut.EveryRows(groups, rows) : groups;
    }

    /// <summary>The row groups, held against the CIDs that the file claims; on request those that fit.</summary>
    private static IEnumerable<RecordBatch> Groups(ImportRun run, Stream stream)
    {
        using var reader = ParquetReader.Open(stream, new ParquetReadOptions { LeaveOpen = true });
        bool claims = reader.ClaimedCids.Count == reader.BatchCount;
        for (int group = 0; group < reader.BatchCount; group++)
        {
            RecordBatch? batch = null;
            try
            {
                batch = reader.ReadView()!;
                if (claims && CanonicalBlock.CidOf(batch) != reader.ClaimedCids[group])
                {
                    throw new ArrowCidException(ErrorCode.BlockCorrupt,
                        $"row group {group} is not the batch {reader.ClaimedCids[group]} that the file says it is; " +
                        "'arrowcid verify' names the column");
                }
            }
            catch (ArrowCidException e) when (run.IsPartial && e.Code is not ErrorCode.Io)
            {
                CommandError.Say($"row group {group} is left out: {e.Message}");
                continue;
            }

            yield return batch;
        }
    }
}
