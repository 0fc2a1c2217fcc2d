using ArrowCid.Columnar;
using ArrowCid.S3;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Inputs;

/// <summary>The files that a verb reads.</summary>
internal static class Input
{
    private const string StandardInput = "-";

    /// <summary>The path of a file; of an object of S3 its URL without the query, so that it ends in its
    /// extension.</summary>
    public static string NameOf(string file) => S3Files.Matches(file) && file.IndexOf('?') is >= 0 and int query
        ? file[..query]
        : file;

    /// <summary>Opens a file, an object of S3 or standard input to be read forward.</summary>
    /// <exception cref="ArrowCidException">It is not there, is no file, or may not be read.</exception>
    public static Stream Open(string file)
    {
        if (file.Length == 0) throw new ArrowCidException(ErrorCode.InvalidArgument, "a file's name is empty");
        if (file == StandardInput) return Console.OpenStandardInput();
        FileName.Require(file);
        if (S3Files.Matches(file)) return S3Files.OpenRead(file);
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
    /// <param name="rowsPerBlock">Rows of each batch; null for the file's own batches.</param>
    public static IEnumerable<RecordBatch> Batches(string file, string[]? dropMetadata, RowInput rows,
        int? rowsPerBlock = null)
    {
        if (!rows.IsRows(file)) return Batches(file, dropMetadata, Takes.Parquet | Takes.Rows, rowsPerBlock);
        BatchFile opened = OpenBatches(file, start => FileKind.RefusalOfText(start));
        rows.HintAtDelimiter(file, opened.Start);
        return opened.Read(rows.FormatOf(file), new BatchReadOptions
        {
            Rows = rows.OptionsFor(file, rowsPerBlock, isStream: file == StandardInput),
        });
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
        BatchFile opened = OpenBatches(file, start => FileKind.Refusal(start, takes));
        IEnumerable<RecordBatch> batches = opened.Read(opened.Format, new BatchReadOptions
        {
            DropMetadata = dropMetadata is { Length: > 0 } keys ? keys.ToHashSet(StringComparer.Ordinal) : null,
            RowsPerBatch = rowsPerBlock,
        });
        return rowsPerBlock is null && opened.Format == BatchFormat.Arrow ? WithAdvice(batches) : batches;
    }

    private static BatchFile OpenBatches(string file, Func<byte[], ArrowCidException?> refusal)
    {
        var opened = BatchFile.Open(Open(file));
        if (refusal(opened.Start) is not { } refused) return opened;
        opened.Dispose();
        throw refused;
    }

    /// <summary>The same batches; where one is too large, the error names the option that cuts it.</summary>
    private static IEnumerable<RecordBatch> WithAdvice(IEnumerable<RecordBatch> batches)
    {
        using IEnumerator<RecordBatch> each = batches.GetEnumerator();
        while (Next(each)) yield return each.Current;

        static bool Next(IEnumerator<RecordBatch> each)
        {
            try
            {
                return each.MoveNext();
            }
            catch (InvalidArrowException e) when (e.Code == ErrorCode.TooLarge)
            {
                throw new ArrowCidException(e.Code, $"{e.Message} (`hash` and `put` do so with --rows-per-block N)", e);
            }
        }
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
