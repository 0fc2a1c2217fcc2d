using ArrowCid.Parquet;
using ArrowCid.Signing;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>import</c> of a Parquet file: one block per row group, or per N rows.</summary>
internal static class ImportParquet
{
    public static ImportFormat Format { get; } = new("Parquet", start => ParquetReader.IsParquet(start), Read);

    private static void Read(ImportRun run, Stream stream, string file)
    {
        IReadOnlyList<SignedStatement> statements = ParquetImport.ReadStatements(stream);
        // The whole file is read before its first batch is put.
        using var spool = new BatchSpool();
        List<SpooledBatch> batches = [.. ParquetImport.Read(stream, run.RowsPerBlock, run.IsPartial ? LeaveOut : null)
            .Select(batch => spool.Add(batch, isHashed: false))];
        var added = new List<Cid>();
        for (int number = 0; number < batches.Count; number++)
        {
            PutResult put = run.Store.Putting.PutSpooled(batches[number]);
            run.Batches.Add(put.Cid);
            if (put.IsNew) added.Add(put.Cid);
            HashVerb.Print(run.Output, put.Address, file, number, run.IsJson, PutOutcome.Of(put));
        }

        run.Store.Signatures.AddImported(statements);
        run.Store.Signatures.Trust.RequireImported(added);
    }

    private static void LeaveOut(int group, ArrowCidException error) =>
        CommandError.Say($"row group {group} is left out: {error.Message}");
}
