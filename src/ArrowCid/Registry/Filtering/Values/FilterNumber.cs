using System.Globalization;

namespace ArrowCid.Registry;

/// <summary>A number that compares exactly, whether it was written as an integer or as a float.</summary>
internal readonly struct FilterNumber : IComparable<FilterNumber>
{
    // Integers stay below it and floats that are not integers too, so a larger float is beyond every integer.
    private const double LargestInteger = 1e36;
    private const int MostDigits = 36;

    private readonly Int128 _integer;
    private readonly double _float;
    private readonly bool _isFloat;

    private FilterNumber(Int128 integer) => _integer = integer;

    private FilterNumber(double value) => (_float, _isFloat) = (value, true);

    public static FilterNumber Of(Int128 value) => new(value);

    public static FilterNumber Of(double value) =>
        Math.Abs(value) < LargestInteger && double.IsInteger(value)
            ? new FilterNumber((Int128)value)
            : new FilterNumber(value);

    /// <summary>The number as an integer of 64 bits, where it is one.</summary>
    public bool TryGetInt64(out long value)
    {
        bool isOne = !_isFloat && _integer >= long.MinValue && _integer <= long.MaxValue;
        value = isOne ? (long)_integer : 0;
        return isOne;
    }

    /// <summary>Reads <c>-12</c>, <c>0.5</c>, <c>1e6</c>: digits, with a fraction and an exponent of ten or
    /// without.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out FilterNumber number)
    {
        number = default;
        ReadOnlySpan<char> rest = text.StartsWith('-') ? text[1..] : text;
        int whole = Digits(ref rest);
        if (whole == 0) return false;
        if (rest.IsEmpty)
        {
            if (whole > MostDigits) return false;
            number = new FilterNumber(Int128.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
            return true;
        }

        if (rest[0] == '.')
        {
            rest = rest[1..];
            if (Digits(ref rest) == 0) return false;
        }

        if (!rest.IsEmpty && rest[0] is 'e' or 'E')
        {
            rest = rest[1..];
            if (!rest.IsEmpty && rest[0] is '+' or '-') rest = rest[1..];
            if (Digits(ref rest) == 0) return false;
        }

        if (!rest.IsEmpty) return false;
        double value = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        number = Of(value);
        return double.IsFinite(value);
    }

    public int CompareTo(FilterNumber other) => (_isFloat, other._isFloat) switch
    {
        (false, false) => _integer.CompareTo(other._integer),
        (true, true) => _float.CompareTo(other._float),
        (false, true) => -Compare(other._float, _integer),
        (true, false) => Compare(_float, other._integer),
    };

    public override string ToString() => _isFloat
        ? _float.ToString("R", CultureInfo.InvariantCulture)
        : _integer.ToString(CultureInfo.InvariantCulture);

    /// <summary>A float is never equal to an integer here: it would have become one.</summary>
    private static int Compare(double value, Int128 integer) =>
        Math.Abs(value) >= LargestInteger ? Math.Sign(value) : (Int128)Math.Floor(value) < integer ? -1 : 1;

    private static int Digits(ref ReadOnlySpan<char> rest)
    {
        int count = rest.IndexOfAnyExceptInRange('0', '9');
        if (count < 0) count = rest.Length;
        rest = rest[count..];
        return count;
    }
}
