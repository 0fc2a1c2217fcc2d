using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Parquet;
using ArrowCid.Signing;

namespace ArrowCid.Transfer;

/// <summary>Reads the batches of a Parquet file to be stored, compared with the CIDs that the file claims.</summary>
internal static class ParquetImport
{
    /// <summary>Reads the row groups, one after another.</summary>
    /// <param name="file">The file, which seeks; it stays open.</param>
    /// <param name="rowsPerBatch">The rows of each batch; null for one batch per row group.</param>
    /// <param name="leftOut">Called with a row group that is damaged, which is then left out; null where one such row
    /// group fails the import.</param>
    /// <exception cref="ArrowCidException">When enumerated: <see cref="ErrorCode.BlockCorrupt"/>: a row group is not
    /// the batch that the file claims it is; others as for <see cref="ParquetReader"/>.</exception>
    public static IEnumerable<RecordBatch> Read(Stream file, int? rowsPerBatch = null,
        Action<int, ArrowCidException>? leftOut = null)
    {
        IEnumerable<RecordBatch> groups = Groups(file, leftOut);
        return rowsPerBatch is { } rows ? BatchCut.EveryRows(groups, rows) : groups;
    }

    /// <summary>Reads the signed statements that a file carries, and proves them.</summary>
    /// <param name="file">The file, which seeks; it stays open, at its beginning.</param>
    /// <returns>The statements, each of which holds or needs a shared secret.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: one does not hold.</exception>
    public static IReadOnlyList<SignedStatement> ReadStatements(Stream file)
    {
        using var reader = ParquetReader.Open(file, new ParquetReadOptions { LeaveOpen = true });
        IReadOnlyList<SignedStatement> statements = reader.Statements;
        IReadOnlyList<SignatureState> states = SignedStatement.CheckMany(statements);
        for (int i = 0; i < states.Count; i++)
        {
            if (states[i] == SignatureState.Broken)
                throw new ArrowCidException(ErrorCode.InvalidData,
                    $"the signature of the statement {statements[i].Cid} does not hold");
        }

        file.Position = 0;
        return statements;
    }

    private static IEnumerable<RecordBatch> Groups(Stream file, Action<int, ArrowCidException>? leftOut)
    {
        using var reader = ParquetReader.Open(file, new ParquetReadOptions { LeaveOpen = true });
        bool hasClaims = reader.ClaimedCids.Count == reader.BatchCount;
        for (int group = 0; group < reader.BatchCount; group++)
        {
            RecordBatch? batch = null;
            try
            {
                batch = reader.ReadView()!;
                if (hasClaims && CanonicalBlock.CidOf(batch) != reader.ClaimedCids[group])
                {
                    throw new ArrowCidException(ErrorCode.BlockCorrupt,
                        $"row group {group} is not the batch {reader.ClaimedCids[group]} that the file says it is; " +
                        "verify the file to find the column");
                }
            }
            catch (ArrowCidException e) when (leftOut is not null && e.Code is not ErrorCode.Io)
            {
                leftOut(group, e);
                continue;
            }

            yield return batch;
        }
    }
}
