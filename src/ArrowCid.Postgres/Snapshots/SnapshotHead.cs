using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using ArrowCid.Ipld;

namespace ArrowCid.Postgres;

/// <summary>A snapshot of a registry as a UnixFS directory: <c>snapshot.json</c>, and its parts as Parquet
/// files (POOL.md).</summary>
/// <param name="Pool">The id of the pool.</param>
/// <param name="Transaction">With <paramref name="Sequence"/>, the point in the log up to which it is complete.</param>
/// <param name="Sequence">See there.</param>
/// <param name="BaseRows">The rows of the parts that were written together.</param>
/// <param name="DeltaRows">The rows of the parts that were added later.</param>
/// <param name="Parts">The parts, those of the base first.</param>
internal sealed record SnapshotHead(Guid Pool, ulong Transaction, long Sequence, long BaseRows, long DeltaRows,
    ImmutableArray<SnapshotPart> Parts)
{
    /// <summary>The name of the pool that points to the last snapshot.</summary>
    public const string Name = "arrowcid.pool.snapshot";

    private const string HeadFile = "snapshot.json";

    /// <summary>Makes the blocks of the directory.</summary>
    /// <returns>The head as a file, and the directory.</returns>
    public (byte[] Head, Cid HeadCid, byte[] Directory) Encode()
    {
        byte[] head = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string>
        {
            ["pool"] = $"{Pool}",
            ["transaction"] = Text(Transaction),
            ["sequence"] = Text(Sequence),
            ["baseRows"] = Text(BaseRows),
            ["deltaRows"] = Text(DeltaRows),
        });
        var cid = Cid.Sha256(Multicodec.Raw, head);
        DagPbLink[] links =
        [
            LinkTo(HeadFile, cid, head.Length),
            .. Parts.Select((part, index) => LinkTo(string.Create(CultureInfo.InvariantCulture,
                $"part-{index:00000}.parquet"), part.Cid, part.ByteLength)),
        ];
        byte[] data = new UnixFsNode { Kind = UnixFsKind.Directory }.Encode();
        return (head, cid, DagPb.Encode(new DagPbNode([.. links], data)));
    }

    /// <summary>Reads a directory.</summary>
    /// <param name="directory">Its block.</param>
    /// <param name="read">Reads another block.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: it is no snapshot.</exception>
    public static SnapshotHead Decode(ReadOnlySpan<byte> directory, Func<Cid, byte[]> read)
    {
        try
        {
            DagPbNode node = DagPb.Decode(directory);
            DagPbLink head = node.Links.First(link => link.Name == HeadFile);
            Dictionary<string, string> fields =
                JsonSerializer.Deserialize<Dictionary<string, string>>(read(head.Hash)) ?? [];
            return new SnapshotHead(Guid.Parse(fields["pool"]), ulong.Parse(fields["transaction"],
                CultureInfo.InvariantCulture), Number("sequence"), Number("baseRows"), Number("deltaRows"),
                [.. node.Links.Where(link => link.Name?.EndsWith(".parquet", StringComparison.Ordinal) == true)
                    .Select(link => new SnapshotPart(link.Hash, (long)(link.TotalSize ?? 0)))]);

            long Number(string key) => long.Parse(fields[key], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is InvalidIpldException or JsonException or KeyNotFoundException or FormatException
            or OverflowException or InvalidOperationException)
        {
            throw new ArrowCidException(ErrorCode.InvalidData, $"no snapshot of a pool: {e.Message}", e);
        }
    }

    private static DagPbLink LinkTo(string name, Cid cid, long length) =>
        new() { Hash = cid, Name = name, TotalSize = (ulong)length };

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
