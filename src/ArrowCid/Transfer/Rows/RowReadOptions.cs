using ArrowCid.Columnar;

namespace ArrowCid.Transfer;

/// <summary>How CSV and JSON lines are read. Immutable.</summary>
public sealed partial class RowReadOptions
{
    /// <summary>The default of <see cref="RowsPerBatch"/>.</summary>
    public const int DefaultRowsPerBatch = 65_536;

    private readonly int _rowsPerBatch = DefaultRowsPerBatch;
    private readonly char _delimiter = ',';

    /// <summary>All columns, in order. A CSV header must name them so; a key of JSON that is none of them is an error.
    /// Null: <see cref="TypeViews"/> and inference (<c>Transfer/INFERENCE.md</c>).</summary>
    internal Schema? SchemaView { get; init; }

    /// <summary>Types of some columns by name; those of the others are inferred. Not beside
    /// <see cref="Schema"/>.</summary>
    internal IReadOnlyDictionary<string, ArrowType> TypeViews { get; init; } = new Dictionary<string, ArrowType>();

    /// <summary>Rows a batch; the last one may be shorter.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int RowsPerBatch
    {
        get => _rowsPerBatch;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            _rowsPerBatch = value;
        }
    }

    /// <summary>The separator of CSV fields: an ASCII character, neither quote nor line end.</summary>
    /// <exception cref="ArgumentException">Another one.</exception>
    public char Delimiter
    {
        get => _delimiter;
        init
        {
            if (!char.IsAscii(value) || value is '"' or '\r' or '\n')
                throw new ArgumentException("A delimiter is an ASCII character, neither quote nor line end.");
            _delimiter = value;
        }
    }

    /// <summary>Whether the first row of CSV names the columns; without it they are f0, f1 and so on.</summary>
    public bool HasHeader { get; init; } = true;

    /// <summary>Reads all of the input before the first batch is given, so that a fault anywhere comes first.</summary>
    public bool CheckFirst { get; init; }

    /// <summary>Leaves the stream open when the reader is disposed.</summary>
    public bool LeaveOpen { get; init; }
}
