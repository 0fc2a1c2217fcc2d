using System.Globalization;
using ArrowCid.Columnar;
using ArrowCid.Parquet;
using ArrowCid.Signing;

namespace ArrowCid.Transfer;

/// <summary>Writes stored batches as a Parquet file that is read back before the call returns.</summary>
internal static class ParquetExport
{
    /// <summary>Writes batches of one schema, one row group per batch, straight from their blocks, and reads the file
    /// back: the CID of each batch is derived again from the columns that were written.</summary>
    /// <param name="cids">The CIDs of the batches; at least one.</param>
    /// <param name="find">Gets one of them. Each is asked for again where the schema needs a look at all values
    /// first.</param>
    /// <param name="file">The target, empty, which seeks and reads.</param>
    /// <param name="options">How to write; null for the defaults.</param>
    /// <param name="columns">The columns to write; null or none for all.</param>
    /// <param name="written">Called after each row group.</param>
    /// <param name="statements">Signed statements about the batches that go along.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Internal"/>: the file does not read back;
    /// <see cref="ErrorCode.SchemaMismatch"/>: a batch has another schema than the first; <see cref="ErrorCode.Io"/>:
    /// the file cannot be written; those of <paramref name="find"/>.</exception>
    public static void Write(IReadOnlyList<Cid> cids, Func<Cid, HeldBatch> find, Stream file,
        ParquetWriteOptions? options = null, IReadOnlyList<string>? columns = null, Action? written = null,
        IReadOnlyList<SignedStatement>? statements = null)
    {
        WriteUnread(cids, find, file, options, columns, written, statements);
        file.Flush();
        ReadBack(file);
    }

    /// <summary>As <see cref="Write"/>, without reading the file back: the target need not seek or read.</summary>
    public static void WriteUnread(IReadOnlyList<Cid> cids, Func<Cid, HeldBatch> find, Stream file,
        ParquetWriteOptions? options = null, IReadOnlyList<string>? columns = null, Action? written = null,
        IReadOnlyList<SignedStatement>? statements = null)
    {
        columns ??= [];
        Schema schema;
        using (HeldBatch first = find(cids[0])) schema = ColumnChoice.Of(first.Batch.Schema, columns);
        using var writer = new ParquetWriter(file, schema, options);
        writer.Statements = statements ?? [];
        if (writer.RequiresPrescan) Prescan(writer, cids, find, columns);
        foreach (Cid cid in cids)
        {
            using HeldBatch held = find(cid);
            if (columns.Count == 0) writer.WriteBlock(held.Batch, cid);
            else _ = writer.Write(ColumnChoice.Of(held.Batch, columns));
            written?.Invoke();
        }

        writer.Finish();
    }

    /// <summary>Describes what is wrong with a row group that is not intact.</summary>
    public static string Describe(ParquetVerifyResult result)
    {
        if (result.Error is { } error) return error.Message;
        string column = result.Column is null ? "" : $"; column '{result.Column}' is the first that differs";
        return string.Create(CultureInfo.InvariantCulture, $"row group {result.Group} gives {result.Found}{column}");
    }

    private static void Prescan(ParquetWriter writer, IReadOnlyList<Cid> cids, Func<Cid, HeldBatch> find,
        IReadOnlyList<string> columns)
    {
        foreach (Cid cid in cids.Skip(1))
        {
            using HeldBatch held = find(cid);
            if (columns.Count == 0) writer.PrescanBlock(held.Batch);
            else writer.Prescan(ColumnChoice.Of(held.Batch, columns));
        }
    }

    /// <summary>What cannot be read back is not kept.</summary>
    private static void ReadBack(Stream file)
    {
        try
        {
            Verify(file);
        }
        catch (InvalidParquetException e)
        {
            throw new ArrowCidException(ErrorCode.Internal,
                $"the written file does not read back: {e.Message}; nothing was kept", e);
        }
    }

    private static void Verify(Stream file)
    {
        using var reader = ParquetReader.Open(file, new ParquetReadOptions { LeaveOpen = true });
        foreach (ParquetVerifyResult result in reader.Verify())
        {
            if (result.IsIntact) continue;
            throw new ArrowCidException(ErrorCode.Internal,
                $"the written file does not read back: {Describe(result)}; nothing was kept", result.Error);
        }
    }
}
