using ArrowCid.Columnar;
using ArrowCid.Ipld;
using ArrowCid.Parquet;
using ArrowCid.Transfer;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Cli.Verbs;

/// <summary>Blocks as files of other formats: <c>get --as</c>.</summary>
internal static class ContentOutput
{
    private const string Bytes = "bytes", Npy = "npy", Csv = "csv", Json = "json", Parquet = "parquet", Files = "files";

    /// <summary>The formats.</summary>
    public static string[] Formats { get; } = [Bytes, Npy, Csv, Json, Parquet, Files];

    /// <summary>Whether a format is a directory.</summary>
    public static bool IsDirectory(string? format) => format == Files;

    /// <summary>Writes a block to a file.</summary>
    public static void Write(BlockPlaces places, Cid cid, string format, string file)
    {
        if (format == Files)
        {
            WriteTree(places, cid, file);
            return;
        }

        OutputFile.Write(file, stream =>
        {
            switch (format)
            {
                case Npy:
                    (RecordBatch batch, IDisposable owner) = places.GetBatch(cid);
                    using (owner) NumpyFile.Write(batch, stream);
                    break;
                case Csv: WriteRows(places, cid, stream, RowExport.WriteCsv); break;
                case Json: WriteRows(places, cid, stream, RowExport.WriteJsonLines); break;
                case Parquet: WriteParquet(places, cid, stream); break;
                default:
                    using (BlockLease block = places.Get(cid)) stream.Write(block.Bytes.Span);
                    break;
            }
        });
    }

    private static void WriteRows(BlockPlaces places, Cid cid, Stream stream,
        Action<IEnumerable<RecordBatch>, TextWriter> write)
    {
        using var writer = new StreamWriter(stream, bufferSize: 1 << 16, leaveOpen: true);
        write(places.GetBatches(places.BatchesOf(cid)), writer);
    }

    private static void WriteParquet(BlockPlaces places, Cid cid, Stream stream)
    {
        ParquetWriter? writer = null;
        try
        {
            foreach (RecordBatch batch in places.GetBatches(places.BatchesOf(cid)))
            {
                writer ??= new ParquetWriter(stream, batch.Schema);
                _ = writer.Write(batch);
            }

            writer?.Finish();
        }
        finally
        {
            writer?.Dispose();
        }
    }

    /// <summary>Writes the files of a directory node. A path that leads out of the directory is refused before anything
    /// is written.</summary>
    private static void WriteTree(BlockPlaces places, Cid cid, string directory)
    {
        IpldNode node;
        using (BlockLease block = places.Get(cid))
        {
            node = cid.Codec == Multicodec.DagCbor ? DagCbor.Decode(block.Bytes.Span) : IpldNode.Null;
        }

        bool isTree = node.Kind == IpldKind.Map && node["kind"] is { Kind: IpldKind.Text } kind &&
            kind.AsText() == FileTree.Kind && node["files"] is { Kind: IpldKind.Map };
        if (!isTree) throw new ArrowCidException(ErrorCode.SchemaMismatch, $"{cid} is no directory of files");
        string root = Path.GetFullPath(directory);
        var files = new List<(string Path, Cid Cid)>();
        foreach ((string path, IpldNode link) in node["files"]!.Entries)
        {
            bool isPlain = path.Length > 0 && !path.Contains('\0', StringComparison.Ordinal) &&
                path.Split('/').All(part => part is not ("" or "." or ".."));
            if (!isPlain || link.Kind != IpldKind.Link)
            {
                throw new ArrowCidException(ErrorCode.InvalidData,
                    $"the directory has a file '{path}', which is not allowed");
            }

            files.Add((Path.Combine(root, path), link.AsLink()));
        }

        _ = Directory.CreateDirectory(root);
        foreach ((string path, Cid file) in files)
        {
            _ = Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using BlockLease block = places.Get(file);
            OutputFile.Write(path, stream => stream.Write(block.Bytes.Span));
        }
    }
}
