using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Parquet;

namespace ArrowCid.Transfer;

/// <summary>A stream that holds batches in any of the formats, opened to be read once and forward.</summary>
internal sealed class BatchFile : IDisposable
{
    /// <summary>The bytes that are enough to recognize a format.</summary>
    public const int LookBytes = 4096;

    /// <summary>The bytes that are enough to recognize Arrow.</summary>
    public const int ArrowBytes = 8;

    private readonly Stream _stream;

    private BatchFile(Stream stream, byte[] start) => (_stream, Start) = (stream, start);

    /// <summary>The first bytes: <see cref="LookBytes"/> of them, or fewer where the stream is shorter or is a pipe.
    /// </summary>
    public byte[] Start { get; }

    /// <summary>The format that the first bytes show: Parquet or Arrow. Text formats have no mark of their own.
    /// </summary>
    public BatchFormat Format => ParquetReader.IsParquet(Start) ? BatchFormat.Parquet : BatchFormat.Arrow;

    /// <summary>Opens a stream and looks at its first bytes. A pipe whose writer waits is asked for no more than
    /// recognizes Arrow.</summary>
    /// <param name="stream">The stream, at its start; closed with the batches, or by <see cref="Dispose"/>.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/>: it cannot be read.</exception>
    public static BatchFile Open(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        try
        {
            byte[] start = new byte[LookBytes];
            int least = stream.CanSeek ? start.Length : ArrowBytes;
            Array.Resize(ref start, stream.ReadAtLeast(start, least, throwOnEndOfStream: false));
            if (stream.CanSeek) stream.Position = 0;
            else stream = new PeekedStream(start, stream);
            return new BatchFile(stream, start);
        }
        catch (IOException e)
        {
            stream.Dispose();
            throw new ArrowCidException(IoFault.CodeOf(e), $"the file cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads the batches, one after another, and closes the stream after the last.</summary>
    /// <param name="format">The file's format: <see cref="Format"/>, or one that the caller knows.</param>
    /// <param name="options">How; by default the file's own batches.</param>
    /// <exception cref="ArrowCidException">When enumerated: the file breaks a rule of its format, or cannot be read.
    /// </exception>
    public IEnumerable<RecordBatch> Read(BatchFormat format, BatchReadOptions? options = null)
    {
        options ??= BatchReadOptions.Default;
        IEnumerable<RecordBatch> batches = format switch
        {
            BatchFormat.Parquet => ReadParquet(options),
            BatchFormat.Csv or BatchFormat.JsonLines => ReadRows(format, options),
            _ => ReadArrow(options),
        };
        bool isCut = format is BatchFormat.Arrow or BatchFormat.Parquet && options.RowsPerBatch is not null;
        return isCut ? BatchCut.EveryRows(batches, options.RowsPerBatch!.Value) : batches;
    }

    /// <summary>Reads the batches of an Arrow stream or file in memory.</summary>
    /// <param name="bytes">The bytes, which the batches borrow.</param>
    public static List<RecordBatch> ReadArrow(ReadOnlyMemory<byte> bytes)
    {
        var batches = new List<RecordBatch>();
        using var reader = ArrowReader.Open(bytes);
        while (reader.ReadView() is { } batch) batches.Add(batch);
        return batches;
    }

    /// <summary>Closes the stream, which reading the last batch has done too.</summary>
    public void Dispose() => _stream.Dispose();

    private IEnumerable<RecordBatch> ReadArrow(BatchReadOptions options)
    {
        using (this)
        {
            // The footer of an Arrow file is at its end.
            bool isCopied = Start.AsSpan().StartsWith("ARRO"u8) && !_stream.CanSeek;
            using Stream? copy = isCopied ? TemporaryCopy.Of(_stream) : null;
            using var reader = ArrowReader.Open(copy ?? _stream, new ArrowReadOptions
            {
                DropMetadata = options.DropMetadata,
                ReadsLargeBatches = options.RowsPerBatch is not null,
                PartRows = options.RowsPerBatch ?? 1,
            });
            while (reader.ReadView() is { } batch) yield return batch;
        }
    }

    private IEnumerable<RecordBatch> ReadParquet(BatchReadOptions options)
    {
        using (this)
        {
            // The footer of a Parquet file is at its end.
            using Stream? copy = _stream.CanSeek ? null : TemporaryCopy.Of(_stream);
            using var reader = ParquetReader.Open(copy ?? _stream,
                new ParquetReadOptions { DropMetadata = options.DropMetadata });
            while (reader.ReadView() is { } batch) yield return batch;
        }
    }

    private IEnumerable<RecordBatch> ReadRows(BatchFormat format, BatchReadOptions options)
    {
        using (this)
        {
            using RowReader reader = format == BatchFormat.Csv
                ? RowReader.OpenCsv(_stream, options.Rows)
                : RowReader.OpenJsonLines(_stream, options.Rows);
            while (reader.ReadView() is { } batch) yield return batch;
        }
    }
}
