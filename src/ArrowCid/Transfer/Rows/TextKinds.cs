using System.Text.Unicode;
using ArrowCid.Columnar;

namespace ArrowCid.Transfer;

/// <summary>What the texts of one column are, as far as they were seen (<c>INFERENCE.md</c>, version 1). Their order
/// does not matter.</summary>
internal sealed class TextKinds
{
    private const long MostExact = 1L << 53;
    private const Kinds Numbers = Kinds.Small | Kinds.Long | Kinds.Negative | Kinds.ULong | Kinds.Float | Kinds.Beyond;

    private Kinds _seen;
    private int _digits;
    private bool _isOutOfNanoseconds;

    [Flags]
    private enum Kinds
    {
        None = 0,
        Boolean = 1,

        /// <summary>A whole number that a float64 holds too.</summary>
        Small = 2,

        /// <summary>Another one of int64.</summary>
        Long = 4,
        Negative = 8,

        /// <summary>One of uint64 and not of int64.</summary>
        ULong = 16,
        Float = 32,

        /// <summary>A number that none of these types holds.</summary>
        Beyond = 64,
        Date = 128,
        Time = 256,
        Local = 512,
        Instant = 1024,
        Text = 2048,
    }

    /// <summary>Takes in a field of CSV that is not null; an empty one was quoted.</summary>
    /// <returns>False where it is not UTF-8.</returns>
    public bool AddField(ReadOnlySpan<byte> text)
    {
        if ((_seen & Kinds.Text) != 0) return Utf8.IsValid(text);
        if (text.IsEmpty)
        {
            _seen |= Kinds.Text;
            return true;
        }

        if (IsBoolean(text)) _seen |= Kinds.Boolean;
        else if (NumberText.TryName(text, out double _)) _seen |= Kinds.Float;
        else if (!TryAddNumber(text)) return AddString(text);
        return true;
    }

    /// <summary>Takes in a number of JSON.</summary>
    public void AddNumber(ReadOnlySpan<byte> text) => _ = TryAddNumber(text);

    /// <summary>Takes in a boolean of JSON.</summary>
    public void AddBoolean() => _seen |= Kinds.Boolean;

    /// <summary>Takes in a text that is no number, boolean or float's name.</summary>
    /// <returns>False where it is not UTF-8.</returns>
    public bool AddString(ReadOnlySpan<byte> text)
    {
        if ((_seen & Kinds.Text) != 0) return Utf8.IsValid(text);
        _seen |= KindOf(text);
        return (_seen & Kinds.Text) == 0 || Utf8.IsValid(text);
    }

    /// <summary>The type of a column of CSV.</summary>
    public ArrowType OfFields() => Resolve() ?? ArrowType.Utf8;

    /// <summary>The type of JSON's values, or null where no type holds all of its numbers.</summary>
    public ArrowType? OfValues() => (_seen & Numbers) != 0 && (_seen & ~Numbers) == 0 ? OfNumbers()
        : Resolve() ?? ArrowType.Utf8;

    private ArrowType? Resolve() => _seen switch
    {
        Kinds.None => ArrowType.Null,
        Kinds.Boolean => ArrowType.Boolean,
        Kinds.Date => ArrowType.Date32,
        Kinds.Time => TimeType.TimeOfDay(Unit()),
        Kinds.Local or Kinds.Instant when Unit() == TimeUnit.Nanosecond && _isOutOfNanoseconds => null,
        Kinds.Local => new TimestampType(Unit()),
        Kinds.Instant => new TimestampType(Unit(), "UTC"),
        var numbers when (numbers & ~Numbers) == 0 => OfNumbers(),
        _ => null,
    };

    private ArrowType? OfNumbers()
    {
        if ((_seen & Kinds.Beyond) != 0) return null;
        bool isULong = (_seen & Kinds.ULong) != 0;
        if ((_seen & Kinds.Float) != 0) return isULong || (_seen & Kinds.Long) != 0 ? null : ArrowType.Float64;
        if (!isULong) return ArrowType.Int64;
        return (_seen & Kinds.Negative) != 0 ? null : ArrowType.UInt64;
    }

    private TimeUnit Unit() => (TimeUnit)((_digits + 2) / 3);

    private bool TryAddNumber(ReadOnlySpan<byte> text)
    {
        if (!NumberText.IsNumber(text, out bool isWhole)) return false;
        if (isWhole && NumberText.TryWhole(text, out long number))
        {
            _seen |= number is >= -MostExact and <= MostExact ? Kinds.Small : Kinds.Long;
            if (number < 0) _seen |= Kinds.Negative;
        }
        else if (isWhole && NumberText.TryWhole(text, out ulong _))
        {
            _seen |= Kinds.ULong;
        }
        else
        {
            bool isFloat = (!isWhole || text.SequenceEqual("-0"u8)) && NumberText.TryFloat(text, out double _);
            _seen |= isFloat ? Kinds.Float : Kinds.Beyond;
        }

        return true;
    }

    private Kinds KindOf(ReadOnlySpan<byte> text)
    {
        // A sign of the year is for given types alone.
        if (text.Length < 8 || !char.IsAsciiDigit((char)text[0])) return Kinds.Text;
        if (text[2] == ':')
        {
            int digits = TimeReading.DigitsOfTime(text);
            if (digits < 0) return Kinds.Text;
            _digits = Math.Max(_digits, digits);
            return Kinds.Time;
        }

        if (TimeReading.TryDate(text, out _)) return Kinds.Date;
        if (!TimeReading.TryStamp(text, out TimeReading.Stamp stamp)) return Kinds.Text;
        _digits = Math.Max(_digits, stamp.Digits);
        _isOutOfNanoseconds |= !TimeReading.TryCount(stamp.Seconds, stamp.Nanoseconds, TimeUnit.Nanosecond, out _);
        return stamp.IsInstant ? Kinds.Instant : Kinds.Local;
    }

    private static bool IsBoolean(ReadOnlySpan<byte> text) =>
        text[0] is (byte)'t' or (byte)'T' or (byte)'f' or (byte)'F' && BooleanText.TryParse(text, out _);
}
