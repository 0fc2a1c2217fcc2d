using ArrowCid.Parquet;
using Apache.Arrow;
using Apache.Arrow.Types;

namespace ArrowCid.Postgres;

/// <summary>A part of a snapshot: a Parquet file, in the object store as it is.</summary>
/// <param name="Cid">The CID of its bytes.</param>
/// <param name="ByteLength">The number of its bytes.</param>
internal sealed record SnapshotPart(Cid Cid, long ByteLength)
{
    private const string Facts = "facts";

    private static readonly Schema s_schema = new([
        new Field("digest", BinaryType.Default, nullable: true),
        new Field("name", StringType.Default, nullable: true),
        new Field("kind", Int16Type.Default, nullable: false),
        new Field(Facts, BinaryType.Default, nullable: false),
    ], metadata: null);

    /// <summary>Writes a part.</summary>
    public static byte[] Write(IReadOnlyList<SnapshotRow> rows)
    {
        BinaryArray.Builder digests = new BinaryArray.Builder().Reserve(rows.Count),
            facts = new BinaryArray.Builder().Reserve(rows.Count);
        var names = new StringArray.Builder();
        Int16Array.Builder kinds = new Int16Array.Builder().Reserve(rows.Count);
        foreach (SnapshotRow row in rows)
        {
            _ = row.Digest is null ? digests.AppendNull() : digests.Append(row.Digest.AsSpan());
            _ = row.Name is null ? names.AppendNull() : names.Append(row.Name);
            _ = kinds.Append(row.Kind);
            _ = facts.Append(row.Facts.AsSpan());
        }

        using var batch = new RecordBatch(s_schema,
            [digests.Build(), names.Build(), kinds.Build(), facts.Build()], rows.Count);
        using var stream = new MemoryStream();
        using (var writer = new ParquetWriter(stream, s_schema, new ParquetWriteOptions { DictionaryBytes = 0 }))
        {
            _ = writer.Write(batch);
            writer.Finish();
        }

        return stream.ToArray();
    }

    /// <summary>Reads the facts of a part.</summary>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="take">Gets payloads of records.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: it is no part of a
    /// snapshot.</exception>
    public static void Read(ReadOnlyMemory<byte> bytes, Action<byte[]> take)
    {
        using var reader = ParquetReader.Open(bytes);
        var joiner = new PayloadJoiner();
        while (reader.Read() is { } batch)
        {
            using (batch)
            {
                if (batch.Column(Facts) is not BinaryArray facts)
                    throw new ArrowCidException(ErrorCode.InvalidData, "no part of a snapshot of a pool");
                for (int i = 0; i < facts.Length; i++)
                {
                    ReadOnlySpan<byte> payload = facts.GetBytes(i);
                    if (!PayloadJoiner.Takes(payload)) take(payload.ToArray());
                    else if (joiner.Add(payload) is { } full) take(full);
                }
            }
        }

        if (joiner.Finish() is { } last) take(last);
    }
}
