using System.Globalization;
using System.Numerics;
using ArrowCid.Columnar;

namespace ArrowCid.Transfer;

/// <summary>Numbers as JSON writes them, and nothing else: no plus sign, no leading zero, no blank.</summary>
internal static class NumberText
{
    /// <summary>Digits of a decimal that are looked at; more than any type has, zeros and exponent included.</summary>
    private const int MostDigits = 512;

    /// <summary>Digits at the start of a text.</summary>
    public static int Digits(ReadOnlySpan<byte> text)
    {
        int count = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return count < 0 ? text.Length : count;
    }

    /// <summary>Whether a text is a number, and whether that has neither point nor exponent.</summary>
    public static bool IsNumber(ReadOnlySpan<byte> text, out bool isWhole)
    {
        isWhole = false;
        if (text.StartsWith((byte)'-')) text = text[1..];
        int digits = Digits(text);
        if (digits == 0 || (digits > 1 && text[0] == '0')) return false;
        text = text[digits..];
        isWhole = text.IsEmpty;
        if (isWhole) return true;
        if (text[0] == '.')
        {
            digits = Digits(text[1..]);
            if (digits == 0) return false;
            text = text[(1 + digits)..];
            if (text.IsEmpty) return true;
        }

        if (text[0] is not ((byte)'e' or (byte)'E')) return false;
        text = text[1..];
        if (!text.IsEmpty && text[0] is (byte)'+' or (byte)'-') text = text[1..];
        return !text.IsEmpty && Digits(text) == text.Length;
    }

    /// <summary>A whole number of a type; minus zero is none.</summary>
    public static bool TryWhole<T>(ReadOnlySpan<byte> text, out T value) where T : struct, IBinaryInteger<T>
    {
        value = default;
        return IsNumber(text, out bool isWhole) && isWhole && !text.SequenceEqual("-0"u8)
            && T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>The number of the type that is nearest to the text; one beyond the largest is none.</summary>
    public static bool TryFloat<T>(ReadOnlySpan<byte> text, out T value) where T : IBinaryFloatingPointIeee754<T>
    {
        if (TryName(text, out value)) return true;
        if (!IsNumber(text, out _)) return false;
        return T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value!) && T.IsFinite(value);
    }

    /// <summary>What is written by its name.</summary>
    public static bool TryName<T>(ReadOnlySpan<byte> text, out T value) where T : IBinaryFloatingPointIeee754<T>
    {
        value = T.Zero;
        if (text.SequenceEqual("NaN"u8)) value = T.NaN;
        else if (text.SequenceEqual("Infinity"u8)) value = T.PositiveInfinity;
        else if (text.SequenceEqual("-Infinity"u8)) value = T.NegativeInfinity;
        else return false;
        return true;
    }

    /// <summary>The unscaled number of a decimal type, where the text is exactly one of its numbers.</summary>
    public static bool TryDecimal(ReadOnlySpan<byte> text, DecimalType type, out BigInteger unscaled)
    {
        unscaled = default;
        if (!IsNumber(text, out _) || text.Length > MostDigits) return false;
        int e = text.IndexOfAny((byte)'e', (byte)'E');
        long exponent = 0;
        if (e >= 0 && !long.TryParse(text[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
            out exponent))
        {
            return false;
        }

        ReadOnlySpan<byte> mantissa = e < 0 ? text : text[..e];
        int point = mantissa.IndexOf((byte)'.');
        Span<char> digits = stackalloc char[MostDigits];
        int count = 0;
        foreach (byte b in mantissa)
        {
            if (b != '.') digits[count++] = (char)b;
        }

        var number = BigInteger.Parse(digits[..count], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (number.IsZero) return true;
        Int128 shift = (Int128)exponent + type.Scale - (point < 0 ? 0 : mantissa.Length - point - 1);
        if (Int128.Abs(shift) > MostDigits) return false;
        var power = BigInteger.Pow(10, (int)Int128.Abs(shift));
        if (shift < 0)
        {
            number = BigInteger.DivRem(number, power, out BigInteger rest);
            if (!rest.IsZero) return false;
        }
        else
        {
            number *= power;
        }

        unscaled = number;
        return BigInteger.Abs(number) < BigInteger.Pow(10, Math.Min(type.Precision, MostDigits));
    }
}
