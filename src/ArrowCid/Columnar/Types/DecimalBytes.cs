using System.Globalization;
using System.Numerics;

namespace ArrowCid.Columnar;

/// <summary>Decimals: little-endian two's complement of the unscaled number.</summary>
internal static class DecimalBytes
{
    public const int MaxWidth = 32;

    // 10^77 does not fit 32 bytes; a larger power need not be computed to know.
    private const int MaxDigits = 77;

    /// <summary>Writes a number at the type's scale into exactly its width.</summary>
    public static void Write(decimal number, DecimalType type, Span<byte> target)
    {
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(number, parts);
        BigInteger unscaled = ((BigInteger)(uint)parts[2] << 64) + ((BigInteger)(uint)parts[1] << 32) + (uint)parts[0];
        long shift = (long)type.Scale - number.Scale;
        if (!unscaled.IsZero) unscaled = Shift(unscaled, shift, number, type);
        if (decimal.IsNegative(number)) unscaled = -unscaled;
        if (BigInteger.Abs(unscaled) >= BigInteger.Pow(10, Math.Min(type.Precision, MaxDigits))
            || !unscaled.TryWriteBytes(target, out int written))
        {
            throw Misfit(number, type);
        }

        target[written..].Fill(unscaled.Sign < 0 ? (byte)0xFF : (byte)0);
    }

    /// <summary>The number as text, with the scale's digits after the point; a scale out of sight as an
    /// exponent.</summary>
    public static string Text(ReadOnlySpan<byte> bytes, int scale)
    {
        var unscaled = new BigInteger(bytes);
        string digits = BigInteger.Abs(unscaled).ToString(CultureInfo.InvariantCulture);
        string sign = unscaled.Sign < 0 ? "-" : "";
        if (scale == 0 || (scale < 0 && unscaled.IsZero)) return sign + digits;
        if (scale is < -MaxDigits or > MaxDigits)
            return string.Create(CultureInfo.InvariantCulture, $"{sign}{digits}E{-(long)scale}");
        if (scale < 0) return sign + digits.PadRight(digits.Length - scale, '0');
        digits = digits.PadLeft(scale + 1, '0');
        return $"{sign}{digits.AsSpan(0, digits.Length - scale)}.{digits.AsSpan(digits.Length - scale)}";
    }

    private static BigInteger Shift(BigInteger unscaled, long shift, decimal number, DecimalType type)
    {
        if (Math.Abs(shift) > MaxDigits) throw Misfit(number, type);
        BigInteger power = BigInteger.Pow(10, (int)Math.Abs(shift));
        if (shift >= 0) return unscaled * power;
        BigInteger shorter = BigInteger.DivRem(unscaled, power, out BigInteger rest);
        return rest.IsZero ? shorter : throw Misfit(number, type);
    }

    private static ArgumentException Misfit(decimal number, DecimalType type) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{number} is not a {type} without loss."), nameof(number));
}
