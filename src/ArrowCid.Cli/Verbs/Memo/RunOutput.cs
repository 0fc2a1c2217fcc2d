using ArrowCid.Cli.Inputs;
using ArrowCid.Columnar;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary>What a command printed, as blocks.</summary>
internal static class RunOutput
{
    private const string Arrow = "arrow", Parquet = "parquet", Csv = "csv", Json = "json", Bytes = "bytes";

    public static string[] Formats { get; } = [Arrow, Parquet, Csv, Json, Bytes];

    /// <summary>Stores the value.</summary>
    /// <param name="store">The store.</param>
    /// <param name="bytes">What the command printed.</param>
    /// <param name="raw">The block of the bytes.</param>
    /// <param name="format">What they are; null to tell by the first bytes.</param>
    /// <param name="created">Gets the blocks that were stored and are new.</param>
    /// <returns>The value's CID, and what the bytes were read as.</returns>
    /// <exception cref="ArrowCidException">The bytes are not what <paramref name="format"/> says.</exception>
    public static (Cid Value, string Format) Put(CidStore store, ReadOnlyMemory<byte> bytes, Cid raw, string? format,
        List<Cid> created)
    {
        string read = format ?? Guess(bytes.Span);
        if (read == Bytes) return (raw, Bytes);
        try
        {
            return Put(store, bytes, read, created) is { } value ? (value, read) : (raw, Bytes);
        }
        catch (ArrowCidException) when (format is null)
        {
            // It only begins like one.
            return (raw, Bytes);
        }
    }

    private static Cid? Put(CidStore store, ReadOnlyMemory<byte> bytes, string format, List<Cid> created)
    {
        using var file = BatchFile.Open(new MemoryStream(bytes.ToArray(), writable: false));
        List<Cid> batches = [];
        foreach (RecordBatch batch in file.Read(format switch
        {
            Parquet => BatchFormat.Parquet,
            Csv => BatchFormat.Csv,
            Json => BatchFormat.JsonLines,
            _ => BatchFormat.Arrow,
        }))
        {
            PutResult put = store.Put(batch);
            if (put.IsNew) created.Add(put.Cid);
            batches.Add(put.Cid);
        }

        if (batches.Count < 2) return batches.Count == 0 ? null : batches[0];
        PutResult whole = store.Datasets.Put(batches);
        if (whole.IsNew) created.Add(whole.Cid);
        return whole.Cid;
    }

    private static string Guess(ReadOnlySpan<byte> bytes)
    {
        if (FileKind.IsParquet(bytes)) return Parquet;
        if (FileKind.IsArrow(bytes)) return Arrow;
        return bytes.TrimStart(" \t\r\n"u8) is [(byte)'{', ..] ? Json : Bytes;
    }
}
