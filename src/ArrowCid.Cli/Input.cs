using ArrowCid.Columnar;
using ArrowCid.Transfer;
using ArrowCid.Ipc;
using ArrowCid.Parquet;

namespace ArrowCid.Cli;

/// <summary>The files that a verb reads.</summary>
internal static class Input
{
    private const string StandardInput = "-";

    /// <summary>Opens a file or standard input to be read forward.</summary>
    /// <exception cref="ArrowCidException">It is not there, is no file, or may not be read.</exception>
    public static Stream Open(string file)
    {
        if (file.Length == 0) throw new ArrowCidException(ErrorCode.InvalidArgument, "a file's name is empty");
        if (file == StandardInput) return Console.OpenStandardInput();
        FileName.Require(file);
        try
        {
            if (Directory.Exists(file))
                throw new ArrowCidException(ErrorCode.InvalidArgument, "this is a directory; name the files in it");
            return new FileStream(file,
                new FileStreamOptions { BufferSize = 1 << 16, Options = FileOptions.SequentialScan });
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ArrowCidException(ErrorCode.Io, "no such file", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ArrowCidException(ErrorCode.AccessDenied, "the file may not be read: permission denied", e);
        }
        catch (IOException e)
        {
            throw new ArrowCidException(IoFault.CodeOf(e), $"the file cannot be opened: {e.Message}", e);
        }
    }

    /// <summary>Like <see cref="Open"/>, for callers that read the input more than once: unseekable input is copied
    /// first.</summary>
    public static Stream OpenSeekable(string file)
    {
        Stream stream = Open(file);
        if (stream.CanSeek) return stream;
        using (stream) return TemporaryCopy.Of(stream);
    }

    /// <summary>All bytes of a file or of standard input.</summary>
    public static byte[] ReadAll(string file)
    {
        try
        {
            using Stream stream = Open(file);
            if (stream.CanSeek && stream.Length > Array.MaxLength)
                throw new ArrowCidException(ErrorCode.TooLarge, $"{stream.Length} bytes; a block has less than 2^31");
            if (stream.CanSeek)
            {
                byte[] bytes = GC.AllocateUninitializedArray<byte>((int)stream.Length);
                int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
                return read == bytes.Length ? bytes : bytes[..read];
            }

            using var memory = new MemoryStream();
            stream.CopyTo(memory);
            return memory.ToArray();
        }
        catch (Exception e) when (e is IOException or NotSupportedException)
        {
            throw new ArrowCidException(IoFault.CodeOf(e), $"the file cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The batches of a file, one after another.</summary>
    /// <param name="file">The file; its format is said, or told by its name, of Parquet by its first bytes.</param>
    /// <param name="dropMetadata">Keys to leave out of the schema's and all fields' metadata.</param>
    /// <param name="rows">How CSV and JSON lines are read.</param>
    /// <param name="rowsPerBlock">The number of rows per block to recut the batches to; null for the file's
    /// own.</param>
    public static IEnumerable<RecordBatch> Batches(string file, string[]? dropMetadata, RowInput rows,
        int? rowsPerBlock = null)
    {
        if (rows.IsRows(file)) return RowBatches(file, rows, rowsPerBlock);
        IEnumerable<RecordBatch> batches = Batches(file, dropMetadata, Takes.Parquet | Takes.Rows, rowsPerBlock);
        return rowsPerBlock is { } each ? BatchCut.EveryRows(batches, each) : batches;
    }

    private static IEnumerable<RecordBatch> RowBatches(string file, RowInput rows, int? rowsPerBlock)
    {
        Stream stream = Open(file);
        byte[] start = Peek(ref stream);
        if (FileKind.RefusalOfText(start) is { } refused)
        {
            stream.Dispose();
            throw refused;
        }

        rows.HintAtDelimiter(file, start);
        using RowReader reader = rows.Open(file, stream, rowsPerBlock, isStream: file == StandardInput);
        while (reader.ReadView() is { } batch) yield return batch;
    }

    /// <summary>The batches of an Arrow or Parquet file, one after another.</summary>
    public static IEnumerable<RecordBatch> Batches(string file, string[]? dropMetadata) =>
        Batches(file, dropMetadata, Takes.Parquet, rowsPerBlock: null);

    /// <param name="file">The file.</param>
    /// <param name="dropMetadata">Keys to leave out of the schema's and all fields' metadata.</param>
    /// <param name="takes">What else the caller takes.</param>
    /// <param name="rowsPerBlock">The rows that they will be cut to, so that a batch may be too large for a block; or
    /// null.</param>
    private static IEnumerable<RecordBatch> Batches(string file, string[]? dropMetadata, Takes takes,
        int? rowsPerBlock)
    {
        HashSet<string>? dropped =
            dropMetadata is { Length: > 0 } keys ? keys.ToHashSet(StringComparer.Ordinal) : null;
        Stream stream = Open(file);
        byte[] start = Peek(ref stream);
        if (FileKind.Refusal(start, takes) is { } refused)
        {
            stream.Dispose();
            throw refused;
        }

        return ParquetReader.IsParquet(start)
            ? ParquetBatches(stream, dropped)
            : ArrowBatches(stream, dropped, isFile: start.AsSpan().StartsWith("ARRO"u8),
                rowsPerBlock);
    }

    /// <summary>The first bytes of a stream, which is still to be read from its start. A pipe whose writer waits is
    /// asked for no more than tells Arrow.</summary>
    private static byte[] Peek(ref Stream stream)
    {
        try
        {
            byte[] start = new byte[FileKind.LookBytes];
            int least = stream.CanSeek ? start.Length : FileKind.ArrowBytes;
            Array.Resize(ref start, stream.ReadAtLeast(start, least, throwOnEndOfStream: false));
            if (stream.CanSeek) stream.Position = 0;
            else stream = new PeekedStream(start, stream);
            return start;
        }
        catch (IOException e)
        {
            throw new ArrowCidException(IoFault.CodeOf(e), $"the file cannot be read: {e.Message}", e);
        }
    }

    private static IEnumerable<RecordBatch> ArrowBatches(Stream stream, HashSet<string>? dropped, bool isFile,
        int? rowsPerBlock)
    {
        // The table of contents of an Arrow file is at its end.
        using Stream? whole = isFile && !stream.CanSeek ? TemporaryCopy.Of(stream) : null;
        using Stream? copied = whole is null ? null : stream;
        using var reader = ArrowReader.Open(whole ?? stream, new ArrowReadOptions
        {
            DropMetadata = dropped,
            ReadsLargeBatches = rowsPerBlock is not null,
            PartRows = rowsPerBlock ?? 1,
        });
        while (Next(reader, rowsPerBlock is not null) is { } batch) yield return batch;
    }

    /// <summary>The next batch; where it is too large, the error names the option that cuts it.</summary>
    private static RecordBatch? Next(ArrowReader reader, bool isCut)
    {
        try
        {
            return reader.ReadView();
        }
        catch (InvalidArrowException e) when (e.Code == ErrorCode.TooLarge && !isCut)
        {
            throw new ArrowCidException(e.Code, $"{e.Message} (`hash` and `put` do so with --rows-per-block N)", e);
        }
    }

    private static IEnumerable<RecordBatch> ParquetBatches(Stream stream, HashSet<string>? dropped)
    {
        // A Parquet file's table of contents is at its end.
        using Stream whole = stream.CanSeek ? stream : TemporaryCopy.Of(stream);
        using var reader = ParquetReader.Open(whole, new ParquetReadOptions { DropMetadata = dropped });
        while (reader.ReadView() is { } batch) yield return batch;
    }

    /// <summary>
    /// Does something with each file. One that fails is reported and the others go on; the exit code is the first
    /// failure's.
    /// </summary>
    public static int ForEach(string[] files, Action<string> read)
    {
        int exit = 0;
        foreach (string file in files)
        {
            try
            {
                read(file);
            }
            catch (Exception e) when (!CommandError.IsBrokenPipe(e))
            {
                int code = CommandError.Report(e, file.Length > 0 ? file : null);
                if (exit == 0) exit = code;
            }
        }

        return exit;
    }
}
