using ArrowCid.Columnar;

namespace ArrowCid.Transfer;

/// <summary>
/// Reads CSV or JSON lines into batches. Where a type is to be inferred, or <see cref="RowReadOptions.CheckFirst"/> is
/// said, the input is read twice: it is first copied to a temporary file where it cannot seek. Memory is that of a
/// batch and of the longest row. Types and cuts depend on the bytes and the options alone.
/// </summary>
/// <remarks>After an error a reader gives the same error again. Not for concurrent use; the batches are.</remarks>
public sealed partial class RowReader : IDisposable
{
    private readonly Stream _stream;
    private readonly RowFile _file;
    private readonly RowReadOptions _options;
    private readonly bool _isCopy;
    private ArrowCidException? _fault;
    private bool _isStarted;
    private bool _isAtEnd;

    private RowReader(Stream stream, RowReadOptions options, Func<Stream, RowFile> open)
    {
        _stream = stream;
        _options = options;
        try
        {
            if (options.SchemaView is not null && options.TypeViews.Count > 0)
                throw new ArrowCidException(ErrorCode.InvalidArgument, "either a schema is given or types are");
            bool isTwice = options.CheckFirst || options.SchemaView is null;
            if (isTwice && !stream.CanSeek)
            {
                (_stream, _isCopy) = (TemporaryCopy.Of(stream), true);
                if (!options.LeaveOpen) stream.Dispose();
            }

            _file = open(_stream);
            SchemaView = _file.Begin();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The schema of all batches.</summary>
    internal Schema SchemaView { get; }

    /// <summary>Opens CSV (RFC 4180 in UTF-8).</summary>
    /// <param name="stream">The bytes, read from where it stands; disposed with the reader, see
    /// <see cref="RowReadOptions.LeaveOpen"/>.</param>
    /// <param name="options">How to read; by default with a header and inferred types.</param>
    /// <returns>A reader at the first batch.</returns>
    /// <exception cref="InvalidTextException">The bytes break a rule.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: types are given for columns that
    /// are not there; <see cref="ErrorCode.Unsupported"/>: a type that CSV cannot hold; <see cref="ErrorCode.Io"/>: the
    /// stream could not be read.</exception>
    public static RowReader OpenCsv(Stream stream, RowReadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        options ??= new RowReadOptions();
        return new RowReader(stream, options, bytes => new CsvFile(bytes, options));
    }

    /// <summary>Opens JSON lines: an object a line.</summary>
    /// <param name="stream">The bytes, read from where it stands; disposed with the reader, see
    /// <see cref="RowReadOptions.LeaveOpen"/>.</param>
    /// <param name="options">How to read; by default with inferred types.</param>
    /// <returns>A reader at the first batch.</returns>
    /// <exception cref="InvalidTextException">The bytes break a rule.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: a type that JSON cannot hold;
    /// <see cref="ErrorCode.Io"/>: the stream could not be read.</exception>
    public static RowReader OpenJsonLines(Stream stream, RowReadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        options ??= new RowReadOptions();
        return new RowReader(stream, options, bytes => new JsonFile(bytes, options));
    }

    /// <summary>The next batch, in memory of its own. Where there is no row at all, one empty batch.</summary>
    /// <returns>The batch, or null at the end.</returns>
    /// <exception cref="InvalidTextException">The bytes break a rule.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.TooLarge"/>: a column of the batch is over a limit of
    /// its type; <see cref="ErrorCode.Io"/>: the stream could not be read.</exception>
    internal RecordBatch? ReadView()
    {
        if (_fault is not null) throw _fault;
        if (_isAtEnd) return null;
        try
        {
            int rows = _file.Fill(_options.RowsPerBatch);
            _isAtEnd = rows < _options.RowsPerBatch;
            if (rows == 0 && _isStarted) return null;
            _isStarted = true;
            return new RecordBatch(SchemaView, rows, _file.Take());
        }
        catch (ArrowCidException e)
        {
            _fault = e;
            throw;
        }
    }

    /// <summary>Disposes of the stream, if it is not left open. Batches stay readable.</summary>
    public void Dispose()
    {
        if (_isCopy || !_options.LeaveOpen) _stream.Dispose();
    }
}
