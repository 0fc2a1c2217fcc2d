using System.Buffers.Binary;

namespace ArrowCid;

/// <summary>A base of RFC 4648 over ASCII bytes: 4, 5 or 6 bits a character, strict about padding and trailing
/// bits.</summary>
internal sealed class Rfc4648
{
    private const byte Invalid = 0xff;

    private readonly byte[] _alphabet;
    private readonly byte[] _values = new byte[256];
    private readonly ushort[]? _pairs;
    private readonly int _bits, _blockChars;
    private readonly bool _padded;

    public Rfc4648(string alphabet, bool padded)
    {
        _alphabet = [.. alphabet.Select(c => (byte)c)];
        _bits = System.Numerics.BitOperations.Log2((uint)alphabet.Length);
        _blockChars = _bits switch { 4 => 2, 5 => 8, _ => 4 };
        _padded = padded;
        Array.Fill(_values, Invalid);
        for (int i = 0; i < alphabet.Length; i++)
        {
            _values[alphabet[i]] = (byte)i;
            // Base 64 has both cases in its alphabet; the others are read in either.
            if (_bits == 6) continue;
            _values[char.ToLowerInvariant(alphabet[i])] = _values[char.ToUpperInvariant(alphabet[i])] = (byte)i;
        }

        if (_bits == 5) _pairs = [.. Enumerable.Range(0, 1024).Select(Pair)];
        ushort Pair(int bits) => (ushort)(_alphabet[bits >> 5] | _alphabet[bits & 31] << 8);
    }

    public long EncodedLength(long byteCount) => _padded
        ? (byteCount * 8 + _bits * _blockChars - 1) / (_bits * _blockChars) * _blockChars
        : (byteCount * 8 + _bits - 1) / _bits;

    /// <summary>The number of bytes that <paramref name="charCount"/> characters hold at most.</summary>
    public int MaxDecodedLength(int charCount) => (int)((long)charCount * _bits / 8);

    public int Encode(ReadOnlySpan<byte> data, Span<byte> text)
    {
        int written = 0;
        if (_pairs is not null)
        {
            int whole = data.Length / 5 * 5;
            EncodeBlocks(data[..whole], text, _pairs);
            written = whole / 5 * 8;
            data = data[whole..];
        }

        uint buffer = 0;
        int held = 0;
        foreach (byte b in data)
        {
            buffer = buffer << 8 | b;
            held += 8;
            for (; held >= _bits; text[written++] = _alphabet[buffer >> held & ((1 << _bits) - 1)]) held -= _bits;
        }

        if (held > 0) text[written++] = _alphabet[buffer << (_bits - held) & ((1 << _bits) - 1)];
        while (_padded && written % _blockChars != 0) text[written++] = (byte)'=';
        return written;
    }

    public CidError Decode(ReadOnlySpan<byte> text, Span<byte> data, out int written)
    {
        written = 0;
        if (_padded && !TryUnpad(ref text)) return CidError.InvalidPadding;
        int done = 0;
        if (_bits == 5)
        {
            done = text.Length / 8 * 8;
            if (!TryDecodeBlocks(text[..done], data)) return Fault(text);
            written = done / 8 * 5;
        }

        uint buffer = 0;
        int held = 0;
        for (int i = done; i < text.Length; i++)
        {
            byte value = _values[text[i]];
            if (value == Invalid) return Fault(text);
            buffer = buffer << _bits | value;
            held += _bits;
            if (held < 8) continue;
            held -= 8;
            data[written++] = (byte)(buffer >> held);
        }

        if (held >= _bits) return CidError.InvalidLength;
        return (buffer & ((1 << held) - 1)) == 0 ? CidError.None : CidError.NonZeroTrailingBits;
    }

    private static void EncodeBlocks(ReadOnlySpan<byte> data, Span<byte> text, ushort[] pairs)
    {
        for (; data.Length >= 5; data = data[5..], text = text[8..])
        {
            ulong block = (ulong)BinaryPrimitives.ReadUInt32BigEndian(data) << 8 | data[4];
            ulong chars = pairs[(int)(block >> 30)] | (ulong)pairs[(int)(block >> 20) & 1023] << 16
                | (ulong)pairs[(int)(block >> 10) & 1023] << 32 | (ulong)pairs[(int)block & 1023] << 48;
            BinaryPrimitives.WriteUInt64LittleEndian(text, chars);
        }
    }

    private bool TryDecodeBlocks(ReadOnlySpan<byte> text, Span<byte> data)
    {
        byte[] values = _values;
        uint seen = 0;
        for (; text.Length >= 8; text = text[8..], data = data[5..])
        {
            ulong c = BinaryPrimitives.ReadUInt64LittleEndian(text);
            uint v0 = values[(byte)c], v1 = values[(byte)(c >> 8)], v2 = values[(byte)(c >> 16)];
            uint v3 = values[(byte)(c >> 24)], v4 = values[(byte)(c >> 32)], v5 = values[(byte)(c >> 40)];
            uint v6 = values[(byte)(c >> 48)], v7 = values[c >> 56];
            seen |= v0 | v1 | v2 | v3 | v4 | v5 | v6 | v7;
            ulong block = (ulong)(v0 << 15 | v1 << 10 | v2 << 5 | v3) << 20 | (v4 << 15 | v5 << 10 | v6 << 5 | v7);
            BinaryPrimitives.WriteUInt32BigEndian(data, (uint)(block >> 8));
            data[4] = (byte)block;
        }

        return seen < 32;
    }

    private bool TryUnpad(ref ReadOnlySpan<byte> text)
    {
        int full = text.Length;
        text = text.TrimEnd((byte)'=');
        return full % _blockChars == 0 && full - text.Length < _blockChars;
    }

    private static CidError Fault(ReadOnlySpan<byte> text)
    {
        // '=' at the end of a base without padding has its own name; anywhere else it is one more foreign character.
        bool padded = text[^1] == '=' && text.TrimEnd((byte)'=').IndexOf((byte)'=') < 0;
        return padded ? CidError.InvalidPadding : CidError.InvalidCharacter;
    }
}
