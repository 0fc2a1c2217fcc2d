namespace ArrowCid;

/// <summary>
/// Unsigned varints of multiformats: seven bits a byte, least significant first, the high bit on all bytes but the
/// last; at most nine bytes, and only the shortest form is valid.
/// </summary>
public static class Varint
{
    /// <summary>The most bytes that a varint takes.</summary>
    public const int MaxLength = 9;

    /// <summary>The greatest value: 2^63 - 1.</summary>
    public const ulong MaxValue = long.MaxValue;

    /// <summary>The number of bytes that a value takes.</summary>
    /// <param name="value">At most <see cref="MaxValue"/>.</param>
    /// <returns>1 to 9.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The value is over <see cref="MaxValue"/>.</exception>
    public static int Length(ulong value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxValue);
        return value < 0x80 ? 1 : (70 - System.Numerics.BitOperations.LeadingZeroCount(value)) / 7;
    }

    /// <summary>Writes a value.</summary>
    /// <param name="destination">The target; it holds at least <see cref="Length"/> bytes.</param>
    /// <param name="value">At most <see cref="MaxValue"/>.</param>
    /// <returns>The number of bytes written.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The value is over <see cref="MaxValue"/>.</exception>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public static int Write(Span<byte> destination, ulong value)
    {
        int length = Length(value);
        if (destination.Length < length) throw new ArgumentException($"Needs {length} bytes.", nameof(destination));
        for (int i = 0; i < length - 1; i++, value >>= 7) destination[i] = (byte)(value | 0x80);
        destination[length - 1] = (byte)value;
        return length;
    }

    /// <summary>Reads a value from the start of a span.</summary>
    /// <param name="source">The bytes; those after the varint are not looked at.</param>
    /// <param name="value">The value, or 0.</param>
    /// <param name="consumed">The number of bytes that it took, or 0.</param>
    /// <returns>False where the bytes end inside it, it is longer than nine bytes or not minimal.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, out ulong value, out int consumed) =>
        Read(source, out value, out consumed) == CidError.None;

    internal static CidError Read(ReadOnlySpan<byte> source, out ulong value, out int consumed)
    {
        if (source.Length > 0 && source[0] < 0x80)
        {
            (value, consumed) = (source[0], 1);
            return CidError.None;
        }

        return ReadLong(source, out value, out consumed);
    }

    private static CidError ReadLong(ReadOnlySpan<byte> source, out ulong value, out int consumed)
    {
        (value, consumed) = (0, 0);
        ulong sum = 0;
        for (int i = 0; i < MaxLength; i++)
        {
            if (i == source.Length) return CidError.Truncated;
            sum |= (ulong)(source[i] & 0x7f) << (7 * i);
            if (source[i] >= 0x80) continue;
            if (source[i] == 0 && i > 0) return CidError.VarintNotMinimal;
            (value, consumed) = (sum, i + 1);
            return CidError.None;
        }

        return CidError.VarintTooLong;
    }
}
