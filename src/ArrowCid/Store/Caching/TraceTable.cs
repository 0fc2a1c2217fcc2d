using ArrowCid.Columnar;

namespace ArrowCid;

/// <summary>Recorded reads as a table: a row per read.</summary>
internal sealed class TraceTable
{
    private static readonly TimestampType s_time = new(TimeUnit.Microsecond, "UTC");

    private readonly FixedBuilder<long> _time = new(s_time), _bytes = new();
    private readonly FixedBuilder<double> _took = new();
    private readonly BytesBuilder _cid = new(), _place = new();

    /// <summary>The columns: <c>time</c>, <c>cid</c>, <c>bytes</c>, <c>place</c> and <c>ms</c>, which is null for reads
    /// of the store itself.</summary>
    public static Schema Schema { get; } = new(
    [
        new Field("time", s_time, nullable: false),
        new Field("cid", ArrowType.Utf8, nullable: false),
        new Field("bytes", ArrowType.Int64, nullable: false),
        new Field("place", ArrowType.Utf8),
        new Field("ms", ArrowType.Float64),
    ], []);

    /// <summary>The number of rows that were added since the last batch.</summary>
    public int Rows => _cid.Length;

    /// <summary>Adds a row.</summary>
    public void Add(ReadRecord read)
    {
        _time.Append((read.Time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
        _cid.Append(read.Cid.ToString());
        _bytes.Append(read.ByteLength);
        _place.Append(read.Place);
        _took.Append(read.Place == BlockPlace.Here ? null : read.Took.TotalMilliseconds);
    }

    /// <summary>The rows as a batch; the next one begins empty.</summary>
    public RecordBatch Take()
    {
        int rows = Rows;
        return new RecordBatch(Schema, rows, _time.Build(), _cid.Build(), _bytes.Build(), _place.Build(),
            _took.Build());
    }
}
