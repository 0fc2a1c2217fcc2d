using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Signing;

namespace ArrowCid.Parquet;

/// <summary>
/// Reads the row groups of a Parquet file as record batches, in order. A file by <see cref="ParquetWriter"/> gives the
/// very batches that were written; one by others gives the types and values that pyarrow would read. Not for concurrent
/// use; the batches are, and hold memory of their own or borrow the file's.
/// </summary>
public sealed partial class ParquetReader : IDisposable
{
    private readonly ByteOrigin _origin;
    private readonly ParquetReadOptions _options;
    private readonly FileMetadata _file;
    private readonly List<SchemaTree> _leaves = [];
    private readonly ParquetNode[] _nodes;
    private Dictionary<string, string> _dictionaries = [];
    private string[][]? _marks;
    private long _footer;
    private int _next;
    private bool _isDisposed;

    private ParquetReader(ByteOrigin origin, ParquetReadOptions options)
    {
        (_origin, _options) = (origin, options);
        try
        {
            _file = ReadFooter();
            SchemaTree[] trees = SchemaTree.Parse(_file.Elements, _leaves);
            (SchemaView, _nodes) = Resolve(trees);
            CheckGroups();
        }
        catch (ArrowCidException e) when (ParquetFault.IsPlaceless(e))
        {
            throw ParquetFault.At(e, _footer);
        }
    }

    /// <summary>The schema of every batch.</summary>
    internal Schema SchemaView { get; }

    /// <summary>Row groups; each is a batch.</summary>
    public int BatchCount => _file.RowGroups.Length;

    /// <summary>Whether the file says what exact schema its columns are of, and they are: a file by
    /// <see cref="ParquetWriter"/>.</summary>
    public bool IsExact { get; private set; }

    /// <summary>The CIDs that the file claims for its batches; empty in a file by others. Nothing is proved by
    /// it: see <see cref="Verify"/>.</summary>
    public IReadOnlyList<Cid> ClaimedCids { get; private set; } = [];

    /// <summary>The signed statements that the file carries, of which nothing is proved.</summary>
    public IReadOnlyList<SignedStatement> Statements => ArrowCidMetadataKeys.Statements(_file);

    /// <summary>Whether bytes begin as a Parquet file does.</summary>
    /// <param name="start">The first bytes, four or more.</param>
    /// <returns>True for a Parquet file, encrypted or not.</returns>
    public static bool IsParquet(ReadOnlySpan<byte> start) => start.StartsWith("PAR1"u8) || start.StartsWith("PARE"u8);

    /// <summary>Opens a file that lies in memory; batches may borrow it.</summary>
    /// <param name="bytes">The bytes, to be kept readable and unchanged as long as the batches are in use.</param>
    /// <param name="options">How to read; by default <see cref="ParquetReadOptions"/>' defaults.</param>
    /// <returns>A reader at the first row group.</returns>
    /// <exception cref="InvalidParquetException"><see cref="ErrorCode.InvalidData"/>: not a Parquet file, or its footer
    /// breaks a rule; <see cref="ErrorCode.Unsupported"/>: it is encrypted or of types that have no Arrow form.
    /// </exception>
    public static ParquetReader Open(ReadOnlyMemory<byte> bytes, ParquetReadOptions? options = null) =>
        Open(new ByteOrigin(bytes, null), options);

    /// <summary>Opens a file.</summary>
    /// <param name="stream">A stream that seeks; disposed with the reader, see
    /// <see cref="ParquetReadOptions.LeaveOpen"/>.</param>
    /// <param name="options">How to read; by default <see cref="ParquetReadOptions"/>' defaults.</param>
    /// <returns>A reader at the first row group.</returns>
    /// <exception cref="InvalidParquetException">As for bytes.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/>: it cannot be read.</exception>
    public static ParquetReader Open(Stream stream, ParquetReadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Open(new ByteOrigin(default, stream), options);
    }

    /// <summary>Reads the next row group.</summary>
    /// <returns>Its batch, or null after the last.</returns>
    /// <exception cref="InvalidParquetException"><see cref="ErrorCode.InvalidData"/>: the bytes break a rule;
    /// <see cref="ErrorCode.Unsupported"/>: a codec or encoding that cannot be read; <see cref="ErrorCode.TooLarge"/>:
    /// over the budget.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/>: the file cannot be read.</exception>
    internal RecordBatch? ReadView()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _next < BatchCount ? Read(_next++) : null;
    }

    /// <summary>Reads the row groups from the next on, derives their CIDs and holds them against what the file
    /// claims.</summary>
    /// <returns>A result a row group, as each is asked for.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: the file claims no CIDs.</exception>
    public IEnumerable<ParquetVerifyResult> Verify()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!IsExact || ClaimedCids.Count != BatchCount)
        {
            throw new ArrowCidException(ErrorCode.Unsupported,
                "the file does not name the CIDs of its row groups; 'hash' derives them, but nothing says what they " +
                "should be");
        }

        return Results();
    }

    /// <summary>Ends reading. Batches stay readable.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        if (!_options.LeaveOpen) _origin.Dispose();
    }

    private static ParquetReader Open(ByteOrigin origin, ParquetReadOptions? options)
    {
        try
        {
            return new ParquetReader(origin, options ?? ParquetReadOptions.Default);
        }
        catch
        {
            if (options?.LeaveOpen != true) origin.Dispose();
            throw;
        }
    }

    private IEnumerable<ParquetVerifyResult> Results()
    {
        for (; _next < BatchCount; _next++)
        {
            int group = _next;
            RecordBatch? batch = null;
            ArrowCidException? error = null;
            BlockAddress? address = null;
            try
            {
                batch = Read(group);
                address = CanonicalBlock.Address(batch);
            }
            catch (ArrowCidException e) when (e.Code is not ErrorCode.Io)
            {
                error = e;
            }

            string? column = address is { } found && found.Cid != ClaimedCids[group] ? FirstOther(batch!, group) : null;
            yield return new ParquetVerifyResult
            {
                Group = group,
                Claimed = ClaimedCids[group],
                Found = address?.Cid,
                Column = column,
                Error = error,
            };
        }
    }

    /// <summary>The first column whose checksum is not the one that the writer noted.</summary>
    private string? FirstOther(RecordBatch batch, int group)
    {
        _marks ??= [.. ArrowCidMetadataKeys.Items(_file, FileKeys.Columns).Select(ArrowCidMetadataKeys.Texts)];
        if (group >= _marks.Length || _marks[group].Length != _nodes.Length) return null;
        RecordBatch canonical = CanonicalBlock.DecodeView(CanonicalBlock.Encode(batch).Bytes);
        for (int i = 0; i < _nodes.Length; i++)
        {
            if (ColumnFingerprint.Of(canonical.Columns[i]) != _marks[group][i]) return SchemaView.Fields[i].Name;
        }

        return null;
    }
}
