using ArrowCid.Columnar;
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

    /// <summary>The extension of files of a format.</summary>
    public static string ExtensionOf(string? format) => format switch
    {
        null or Bytes => ".arrows",
        Json => ".jsonl",
        _ => $".{format}",
    };

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
        List<KeyValuePair<string, Cid>> files;
        using (BlockLease block = places.Get(cid)) files = FileTree.FilesOf(cid, block.Bytes.Span);
        string root = Path.GetFullPath(directory);
        _ = Directory.CreateDirectory(root);
        foreach ((string relative, Cid file) in files)
        {
            string path = Path.Combine(root, relative);
            _ = Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using BlockLease block = places.Get(file);
            OutputFile.Write(path, stream => stream.Write(block.Bytes.Span));
        }
    }
}
