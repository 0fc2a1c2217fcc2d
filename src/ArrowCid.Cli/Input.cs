using ArrowCid.Columnar;
using ArrowCid.Exchange;
using ArrowCid.Ipc;

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
        try
        {
            if (Directory.Exists(file))
                throw new ArrowCidException(ErrorCode.InvalidArgument, "this is a directory; name files");
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
            throw new ArrowCidException(ErrorCode.Io, $"the file cannot be opened: {e.Message}", e);
        }
    }

    /// <summary>As <see cref="Open"/>, for who reads it more than once: what cannot seek is copied first.</summary>
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
            throw new ArrowCidException(ErrorCode.Io, $"the file cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The batches of a file, one after another.</summary>
    /// <param name="file">The file.</param>
    /// <param name="dropMetadata">Keys to leave out of the schema's and all fields' metadata.</param>
    /// <param name="rows">How CSV and JSON lines are read; null where it is Arrow.</param>
    /// <param name="rowsPerBlock">Rows that the batches are cut anew to; null for the file's own.</param>
    public static IEnumerable<RecordBatch> Batches(string file, string[]? dropMetadata, RowInput? rows = null,
        int? rowsPerBlock = null)
    {
        if (rows is not null && rows.IsRows(file)) return RowBatches(file, rows, rowsPerBlock);
        IEnumerable<RecordBatch> batches = ArrowBatches(file, dropMetadata);
        return rowsPerBlock is { } each ? BatchCut.EveryRows(batches, each) : batches;
    }

    private static IEnumerable<RecordBatch> RowBatches(string file, RowInput rows, int? rowsPerBlock)
    {
        using RowReader reader = rows.Open(file, Open(file), rowsPerBlock, isStream: file == StandardInput);
        while (reader.Read() is { } batch) yield return batch;
    }

    private static IEnumerable<RecordBatch> ArrowBatches(string file, string[]? dropMetadata)
    {
        var options = new ArrowReadOptions
        {
            DropMetadata = dropMetadata is { Length: > 0 } keys ? keys.ToHashSet(StringComparer.Ordinal) : null,
        };
        using var reader = ArrowReader.Open(Open(file), options);
        while (reader.Read() is { } batch) yield return batch;
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
            catch (Exception e) when (!Failure.IsBrokenPipe(e))
            {
                int code = Failure.Report(e, file.Length > 0 ? file : null);
                if (exit == 0) exit = code;
            }
        }

        return exit;
    }
}
