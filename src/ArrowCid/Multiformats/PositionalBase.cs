namespace ArrowCid;

/// <summary>
/// A base that reads the bytes as one number (58, 36), with the alphabet's first digit for each leading zero byte. Its
/// work grows with the square of the length, so lengths are capped.
/// </summary>
internal sealed class PositionalBase
{
    public const int MaxByteCount = 2048, MaxCharCount = 4096;

    private const byte Invalid = 0xff;

    private readonly byte[] _alphabet;
    private readonly byte[] _values = new byte[256];
    private readonly int _groupChars;
    private readonly uint _groupRadix = 1;

    public PositionalBase(string alphabet, bool ignoreCase)
    {
        _alphabet = [.. alphabet.Select(c => (byte)c)];
        Array.Fill(_values, Invalid);
        for (int i = 0; i < alphabet.Length; i++)
        {
            _values[alphabet[i]] = (byte)i;
            if (!ignoreCase) continue;
            _values[char.ToLowerInvariant(alphabet[i])] = _values[char.ToUpperInvariant(alphabet[i])] = (byte)i;
        }

        uint radix = (uint)alphabet.Length;
        for (; (ulong)_groupRadix * radix <= uint.MaxValue; _groupChars++) _groupRadix *= radix;
    }

    /// <summary>The length of the text of <paramref name="byteCount"/> bytes, with the last group that is
    /// cut.</summary>
    public int MaxEncodedLength(int byteCount) => byteCount * 8 / 5 + _groupChars;

    public static int MaxDecodedLength(int charCount) => charCount;

    public int Encode(ReadOnlySpan<byte> data, Span<byte> text)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(data.Length, MaxByteCount, nameof(data));
        int zeros = LeadingCount(data, 0);
        Span<uint> limbs = stackalloc uint[(data.Length - zeros + 3) / 4];
        for (int i = data.Length - 1, place = 0; i >= zeros; i--, place++)
        {
            limbs[^(place / 4 + 1)] |= (uint)data[i] << (place % 4 * 8);
        }

        int written = 0;
        while (!limbs.IsEmpty)
        {
            ulong rest = 0;
            for (int i = 0; i < limbs.Length; i++)
            {
                (ulong quotient, rest) = Math.DivRem(rest << 32 | limbs[i], _groupRadix);
                limbs[i] = (uint)quotient;
            }

            limbs = limbs.TrimStart(0u);
            uint group = (uint)rest;
            for (int i = 0; i < _groupChars; i++)
            {
                (group, uint digit) = Math.DivRem(group, (uint)_alphabet.Length);
                text[written++] = _alphabet[digit];
            }
        }

        while (written > 0 && text[written - 1] == _alphabet[0]) written--;
        text.Slice(written, zeros).Fill(_alphabet[0]);
        text[..(written + zeros)].Reverse();
        return written + zeros;
    }

    public CidError Decode(ReadOnlySpan<byte> text, Span<byte> data, out int written)
    {
        written = 0;
        if (text.Length > MaxCharCount) return CidError.TooLong;
        int zeros = LeadingCount(text, _alphabet[0]);
        text = text[zeros..];
        // Six bits hold a digit of either base.
        Span<uint> limbs = stackalloc uint[text.Length * 6 / 32 + 1];
        int used = 0;
        for (int take = text.Length % _groupChars; !text.IsEmpty; text = text[take..], take = _groupChars)
        {
            uint scale = 1, group = 0;
            foreach (byte c in text[..take])
            {
                uint digit = _values[c];
                if (digit == Invalid) return CidError.InvalidCharacter;
                scale *= (uint)_alphabet.Length;
                group = group * (uint)_alphabet.Length + digit;
            }

            ulong carry = group;
            for (int i = 0; i < used; i++)
            {
                carry += (ulong)limbs[i] * scale;
                limbs[i] = (uint)carry;
                carry >>= 32;
            }

            if (carry != 0) limbs[used++] = (uint)carry;
        }

        data[..zeros].Clear();
        written = zeros;
        for (int place = used * 4 - 1; place >= 0; place--)
        {
            byte b = (byte)(limbs[place / 4] >> (place % 4 * 8));
            if (written > zeros || b != 0) data[written++] = b;
        }

        return CidError.None;
    }

    private static int LeadingCount(ReadOnlySpan<byte> bytes, byte value)
    {
        int count = bytes.IndexOfAnyExcept(value);
        return count < 0 ? bytes.Length : count;
    }
}
