using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace ArrowCid;

public readonly partial struct Cid
{
    // Twice 64 bytes in hexadecimal and the words of "L" fit in the one, 1,045 bytes and the words in the other.
    private const int ShortByteLength = 64, ShortRoom = 256, LongRoom = 2400;
    private const char DefaultFormat = 'G', LongFormat = 'L';

    /// <summary>The canonical text: base 32 in lower case for version 1, base 58 (<c>Qm…</c>) for version 0, none for
    /// <c>default(Cid)</c>.</summary>
    /// <returns>A text that <see cref="Parse(string)"/> reads back.</returns>
    public override string ToString() => ToString(null, null);

    /// <summary>The text in a format.</summary>
    /// <param name="format">A multibase prefix (<see cref="Multibase"/>: <c>b</c>, <c>k</c>, <c>z</c>, <c>f</c>,
    /// <c>u</c>, <c>m</c>, <c>B</c>, <c>F</c>, <c>K</c> and the padded ones); <c>G</c>, null or empty for
    /// <see cref="ToString()"/>'s own; <c>L</c> for people: base, version, codec and multihash. Version 0 has only
    /// <c>z</c> (its text from <c>Qm</c>), <c>G</c> and <c>L</c>.</param>
    /// <returns>The text; empty for <c>default(Cid)</c>.</returns>
    /// <exception cref="FormatException">Another format, or a base that version 0 does not have.</exception>
    public string ToString(string? format) => ToString(format, null);

    /// <inheritdoc cref="ToString(string)"/>
    /// <param name="format">As in <see cref="ToString(string)"/>.</param>
    /// <param name="formatProvider">Not looked at.</param>
    public string ToString(string? format, IFormatProvider? formatProvider)
    {
        Span<byte> text = stackalloc byte[Capacity];
        return Encoding.ASCII.GetString(text[..Format(format, text)]);
    }

    /// <summary>Writes the text in a format.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="charsWritten">The number of characters written, or 0.</param>
    /// <param name="format">As in <see cref="ToString(string)"/>.</param>
    /// <param name="provider">Not looked at.</param>
    /// <returns>False where the destination is too short.</returns>
    /// <exception cref="FormatException">Another format, or a base that version 0 does not have.</exception>
    public bool TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format = default,
        IFormatProvider? provider = null)
    {
        Span<byte> text = stackalloc byte[Capacity];
        text = text[..Format(format, text)];
        charsWritten = text.Length <= destination.Length ? Encoding.ASCII.GetChars(text, destination) : 0;
        return text.Length <= destination.Length;
    }

    /// <summary>Writes the text in a format as UTF-8.</summary>
    /// <param name="utf8Destination">Where to.</param>
    /// <param name="bytesWritten">The number of bytes written, or 0.</param>
    /// <param name="format">As in <see cref="ToString(string)"/>.</param>
    /// <param name="provider">Not looked at.</param>
    /// <returns>False where the destination is too short.</returns>
    /// <exception cref="FormatException">Another format, or a base that version 0 does not have.</exception>
    public bool TryFormat(Span<byte> utf8Destination, out int bytesWritten, ReadOnlySpan<char> format = default,
        IFormatProvider? provider = null)
    {
        Span<byte> text = stackalloc byte[Capacity];
        text = text[..Format(format, text)];
        bytesWritten = text.TryCopyTo(utf8Destination) ? text.Length : 0;
        return text.Length <= utf8Destination.Length;
    }

    private int Capacity => ByteLength <= ShortByteLength ? ShortRoom : LongRoom;

    private int Format(ReadOnlySpan<char> format, Span<byte> text)
    {
        char kind = format.Length switch { 0 => DefaultFormat, 1 => format[0], _ => throw Unknown(format) };
        if (kind is not (DefaultFormat or LongFormat) && !Multibase.IsSupported(kind)) throw Unknown(format);
        if (_tag == NoTag) return 0;
        if (kind == LongFormat) return FormatLong(text);
        Span<byte> bytes = stackalloc byte[Capacity == ShortRoom ? ShortByteLength : MaxByteLength];
        bytes = bytes[..Write(bytes)];
        if (_tag != Version0Tag)
        {
            return Multibase.EncodeAscii(kind == DefaultFormat ? Multibase.Base32 : kind, bytes, text);
        }

        if (kind is DefaultFormat or Multibase.Base58Btc) return Multibase.EncodeBase58(bytes, text);
        throw new FormatException($"A version 0 CID has no text in base '{kind}'; call ToV1 first.");
    }

    private int FormatLong(Span<byte> text)
    {
        string encoding = _tag == Version0Tag ? "base58btc" : "base32";
        _ = Utf8.TryWrite(text, CultureInfo.InvariantCulture,
            $"{encoding} - cidv{Version} - {Multicodec.Name(Codec)} - {_hash.ToString()}", out int written);
        return written;
    }

    private static FormatException Unknown(ReadOnlySpan<char> format) =>
        new($"{Shorten(format)} is no format of a CID: a multibase prefix, G or L.");
}
