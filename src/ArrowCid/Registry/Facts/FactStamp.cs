using System.Buffers.Binary;
using System.Diagnostics;

namespace ArrowCid.Registry;

/// <summary>
/// When a fact was said, by the store's hybrid clock (48 bits of milliseconds since 1970, 16 of a counter), and the
/// random id of who said it, which orders facts of one time. Unique but for copies of the same facts.
/// </summary>
internal readonly record struct FactStamp(ulong Time, UInt128 Writer) : IComparable<FactStamp>
{
    public const int WriterBytes = 16;

    /// <summary>The clock's milliseconds; 48 bits go beyond the year 9999, a date does not.</summary>
    public DateTimeOffset When =>
        DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Min(Time >> 16, FactLimits.MaxMilliseconds));

    public Guid WriterId
    {
        get
        {
            Span<byte> bytes = stackalloc byte[WriterBytes];
            WriteWriter(bytes);
            return new Guid(bytes, bigEndian: true);
        }
    }

    public static bool operator <(FactStamp left, FactStamp right) => left.CompareTo(right) < 0;

    public static bool operator >(FactStamp left, FactStamp right) => left.CompareTo(right) > 0;

    public static bool operator >=(FactStamp left, FactStamp right) => left.CompareTo(right) >= 0;

    public static bool operator <=(FactStamp left, FactStamp right) => left.CompareTo(right) <= 0;

    public static UInt128 ReadWriter(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt128BigEndian(bytes);

    /// <summary>The last stamp of a millisecond, for what stood at a time.</summary>
    public static ulong LastTime(DateTimeOffset when)
    {
        long milliseconds = when.ToUnixTimeMilliseconds();
        return milliseconds < 0 ? 0 : ((ulong)(milliseconds + 1) << 16) - 1;
    }

    /// <summary>The first time of stamps within a span before a moment; 0 where that is before 1970.</summary>
    public static ulong FirstTime(DateTimeOffset now, TimeSpan within) =>
        within >= now - DateTimeOffset.UnixEpoch ? 0 : (ulong)(now - within).ToUnixTimeMilliseconds() << 16;

    public void WriteWriter(Span<byte> bytes)
    {
        Debug.Assert(bytes.Length >= WriterBytes);
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Writer);
    }

    public int CompareTo(FactStamp other)
    {
        int byTime = Time.CompareTo(other.Time);
        return byTime != 0 ? byTime : Writer.CompareTo(other.Writer);
    }
}
