using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace ArrowCid;

public readonly partial struct Cid
{
    /// <summary>The longest text, in characters, that a parser looks at.</summary>
    public const int MaxTextLength = 2400;

    private const int Version0TextLength = 46, ShortTextLength = 128, ShownLength = 48;

    /// <summary>Reads a CID's text: a multibase text of version 1, or the 46 characters from <c>Qm</c> of version 0.
    /// Paths and URIs are not CIDs.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The CID.</returns>
    /// <exception cref="ArrowCidException">Not a CID (<see cref="ErrorCode.InvalidCid"/>); the message says why.
    /// </exception>
    public static Cid Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Parse(text.AsSpan(), null);
    }

    /// <inheritdoc cref="Parse(string)"/>
    /// <param name="s">The text.</param>
    /// <param name="provider">Not looked at.</param>
    public static Cid Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc cref="Parse(string)"/>
    /// <param name="s">The text.</param>
    /// <param name="provider">Not looked at.</param>
    public static Cid Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) =>
        TryParse(s, out Cid cid, out CidError error) ? cid : throw InvalidText(error, Shorten(s));

    /// <inheritdoc cref="Parse(string)"/>
    /// <param name="utf8Text">The text in UTF-8.</param>
    /// <param name="provider">Not looked at.</param>
    public static Cid Parse(ReadOnlySpan<byte> utf8Text, IFormatProvider? provider = null) =>
        TryParse(utf8Text, out Cid cid, out CidError error) ? cid : throw InvalidText(error, ShortenUtf8(utf8Text));

    /// <summary>Reads a CID's text.</summary>
    /// <param name="text">The text, or null.</param>
    /// <param name="cid">The CID, or the default.</param>
    /// <returns>False where the text is not a CID.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out Cid cid) =>
        TryParse(text.AsSpan(), out cid, out _);

    /// <inheritdoc cref="TryParse(string, out Cid)"/>
    /// <param name="s">The text, or null.</param>
    /// <param name="provider">Not looked at.</param>
    /// <param name="result">The CID, or the default.</param>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out Cid result) =>
        TryParse(s.AsSpan(), out result, out _);

    /// <inheritdoc cref="TryParse(string, out Cid)"/>
    /// <param name="s">The text.</param>
    /// <param name="provider">Not looked at.</param>
    /// <param name="result">The CID, or the default.</param>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out Cid result) =>
        TryParse(s, out result, out _);

    /// <inheritdoc cref="TryParse(string, out Cid)"/>
    /// <param name="utf8Text">The text in UTF-8.</param>
    /// <param name="provider">Not looked at.</param>
    /// <param name="result">The CID, or the default.</param>
    public static bool TryParse(ReadOnlySpan<byte> utf8Text, IFormatProvider? provider, out Cid result) =>
        TryParse(utf8Text, out result, out _);

    /// <summary>Reads a CID's text and says why where it is none.</summary>
    /// <param name="text">The text.</param>
    /// <param name="cid">The CID, or the default.</param>
    /// <param name="error">Why it is not a CID, or <see cref="CidError.None"/>.</param>
    /// <param name="options">What to let pass.</param>
    /// <returns>False where the text is not a CID.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out Cid cid, out CidError error,
        CidParseOptions options = CidParseOptions.None)
    {
        if (text.Length > MaxTextLength)
        {
            (cid, error) = (default, CidError.TooLong);
            return false;
        }

        Span<byte> ascii = stackalloc byte[text.Length <= ShortTextLength ? ShortTextLength : MaxTextLength];
        if (Ascii.FromUtf16(text, ascii, out int length) == OperationStatus.Done)
        {
            return TryParse(ascii[..length], out cid, out error, options);
        }

        cid = default;
        bool known = Multibase.IsSupported(text[0]) || text[0] == 'Q';
        error = known ? CidError.InvalidCharacter : CidError.UnknownMultibase;
        return false;
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{char}, out Cid, out CidError, CidParseOptions)"/>
    /// <param name="utf8Text">The text in UTF-8.</param>
    /// <param name="cid">The CID, or the default.</param>
    /// <param name="error">Why it is not a CID, or <see cref="CidError.None"/>.</param>
    /// <param name="options">What to let pass.</param>
    public static bool TryParse(ReadOnlySpan<byte> utf8Text, out Cid cid, out CidError error,
        CidParseOptions options = CidParseOptions.None)
    {
        error = ParseAscii(utf8Text, options, out cid);
        return error == CidError.None;
    }

    /// <summary>Reads a CID that fills the bytes.</summary>
    /// <param name="bytes">The binary form and nothing after it.</param>
    /// <param name="options">What to let pass.</param>
    /// <returns>The CID.</returns>
    /// <exception cref="ArrowCidException">Not a CID (<see cref="ErrorCode.InvalidCid"/>); the message says why.
    /// </exception>
    public static Cid FromBytes(ReadOnlySpan<byte> bytes, CidParseOptions options = CidParseOptions.None) =>
        TryFromBytes(bytes, out Cid cid, out CidError error, options)
            ? cid
            : throw new ArrowCidException(ErrorCode.InvalidCid,
                $"Not a CID's binary form: {Describe(error)}: {Shorten(bytes)}");

    /// <summary>Reads a CID that fills the bytes and says why where it does not.</summary>
    /// <param name="bytes">The binary form and nothing after it.</param>
    /// <param name="cid">The CID, or the default.</param>
    /// <param name="error">Why it is not a CID, or <see cref="CidError.None"/>.</param>
    /// <param name="options">What to let pass.</param>
    /// <returns>False where the bytes are not a CID and nothing more.</returns>
    public static bool TryFromBytes(ReadOnlySpan<byte> bytes, out Cid cid, out CidError error,
        CidParseOptions options = CidParseOptions.None)
    {
        error = ReadBinary(bytes, options, out cid, out int consumed);
        if (error == CidError.None && consumed < bytes.Length) (cid, error) = (default, CidError.TrailingBytes);
        return error == CidError.None;
    }

    /// <summary>Reads a CID from the start of a span, for formats that put content after it.</summary>
    /// <param name="source">The bytes; those after the CID are not looked at.</param>
    /// <param name="cid">The CID, or the default.</param>
    /// <param name="consumed">The number of bytes that it took, or 0.</param>
    /// <returns>False where the bytes are not a CID or end inside it.</returns>
    public static bool TryReadFrom(ReadOnlySpan<byte> source, out Cid cid, out int consumed) =>
        TryReadFrom(source, out cid, out consumed, out _);

    /// <inheritdoc cref="TryReadFrom(ReadOnlySpan{byte}, out Cid, out int)"/>
    /// <param name="source">The bytes; those after the CID are not looked at.</param>
    /// <param name="cid">The CID, or the default.</param>
    /// <param name="consumed">The number of bytes that it took, or 0.</param>
    /// <param name="error">Why there is no CID, or <see cref="CidError.None"/>; <see cref="CidError.Truncated"/> where
    /// more bytes may help.</param>
    /// <param name="options">What to let pass.</param>
    public static bool TryReadFrom(ReadOnlySpan<byte> source, out Cid cid, out int consumed, out CidError error,
        CidParseOptions options = CidParseOptions.None)
    {
        error = ReadBinary(source, options, out cid, out consumed);
        return error == CidError.None;
    }

    /// <summary>Reads a CID's text (<see cref="Parse(string)"/>).</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="ArrowCidException">Not a CID (<see cref="ErrorCode.InvalidCid"/>).</exception>
    public static explicit operator Cid(string text) => Parse(text);

    /// <summary>A sentence, without a full stop, for an error.</summary>
    /// <param name="error">The error.</param>
    /// <returns>What is wrong.</returns>
    public static string Describe(CidError error) => error switch
    {
        CidError.None => "no error",
        CidError.Empty => "the text is empty",
        CidError.TooLong => "the text is too long",
        CidError.UnknownMultibase => "the first character names no multibase that is read here",
        CidError.InvalidCharacter => "a character is not in the alphabet of the text's base",
        CidError.InvalidPadding => "padding is missing, misplaced or not allowed in the text's base",
        CidError.InvalidLength => "no bytes have that number of characters in the text's base",
        CidError.NonZeroTrailingBits => "the last character has bits that belong to no byte and are not zero",
        CidError.Truncated => "the bytes end before the value is whole",
        CidError.VarintNotMinimal => "a varint is not in its shortest form",
        CidError.VarintTooLong => "a varint has more than 9 bytes",
        CidError.UnsupportedVersion => "the version is neither 0 nor 1",
        CidError.ExplicitVersion0 => "a version 0 CID has no version byte",
        CidError.InvalidVersion0 => "a version 0 CID is a sha2-256 digest of 32 bytes, 46 characters from Qm",
        CidError.Version0InMultibase => "a version 0 CID has no multibase prefix",
        CidError.DigestTooLong => $"the digest is over {Multihash.MaxDigestLength} bytes",
        CidError.IdentityTooLong => $"the identity digest is over {Multihash.MaxIdentityLength} bytes",
        CidError.TrailingBytes => "bytes follow the end of the value",
        _ => $"error {(int)error}",
    };

    internal static string Shorten(ReadOnlySpan<char> text)
    {
        var shown = new StringBuilder("'");
        foreach (char c in text[..Math.Min(text.Length, ShownLength)]) shown.Append(c is < ' ' or > '~' ? '?' : c);
        shown.Append('\'');
        if (text.Length > ShownLength) shown.Append(CultureInfo.InvariantCulture, $"… ({text.Length} characters)");
        return shown.ToString();
    }

    internal static string Shorten(ReadOnlySpan<byte> bytes)
    {
        string hex = Convert.ToHexStringLower(bytes[..Math.Min(bytes.Length, ShownLength)]);
        return bytes.Length > ShownLength ? $"0x{hex}… ({bytes.Length} bytes)" : $"0x{hex}";
    }

    internal static string ShortenUtf8(ReadOnlySpan<byte> text)
    {
        Span<char> chars = stackalloc char[ShownLength + 1];
        int length = Encoding.Latin1.GetChars(text[..Math.Min(text.Length, chars.Length)], chars);
        return length <= ShownLength
            ? Shorten(chars[..length])
            : $"{Shorten(chars[..ShownLength])}… ({text.Length} bytes)";
    }

    private static ArrowCidException InvalidText(CidError error, string shown) =>
        new(ErrorCode.InvalidCid, $"Not a CID: {Describe(error)}: {shown}");

    private static CidError ParseAscii(ReadOnlySpan<byte> text, CidParseOptions options, out Cid cid)
    {
        cid = default;
        if (text.IsEmpty) return CidError.Empty;
        if (text.Length > MaxTextLength) return CidError.TooLong;
        if (text.StartsWith("Qm"u8)) return ParseVersion0(text, out cid);
        Span<byte> bytes = stackalloc byte[text.Length <= ShortTextLength ? ShortTextLength : MaxTextLength];
        CidError error = Multibase.DecodeAscii(text[0], text[1..], bytes, out int length);
        if (error != CidError.None) return error;
        if (length > 0 && bytes[0] == Multicodec.Sha256) return CidError.Version0InMultibase;
        _ = TryFromBytes(bytes[..length], out cid, out error, options);
        return error;
    }

    private static CidError ParseVersion0(ReadOnlySpan<byte> text, out Cid cid)
    {
        cid = default;
        if (text.Length != Version0TextLength) return CidError.InvalidVersion0;
        Span<byte> bytes = stackalloc byte[Version0TextLength];
        CidError error = Multibase.DecodeBase58(text, bytes, out int length);
        if (error != CidError.None) return error;
        if (length != Version0Length || bytes[0] != Multicodec.Sha256) return CidError.InvalidVersion0;
        return ReadBinary(bytes[..length], CidParseOptions.None, out cid, out _);
    }

    private static CidError ReadBinary(ReadOnlySpan<byte> source, CidParseOptions options, out Cid cid,
        out int consumed)
    {
        (cid, consumed) = (default, 0);
        CidError error = Varint.Read(source, out ulong version, out int start);
        if (error != CidError.None) return error;
        if (version == Multicodec.Sha256) return ReadVersion0(source, out cid, out consumed);
        if (version == 0) return CidError.ExplicitVersion0;
        if (version != 1) return CidError.UnsupportedVersion;
        error = Varint.Read(source[start..], out ulong codec, out int codecLength);
        if (error != CidError.None) return error;
        start += codecLength;
        error = Multihash.Read(source[start..], options, out Multihash hash, out int hashLength);
        if (error != CidError.None) return error;
        cid = new Cid(codec + 1, hash);
        consumed = start + hashLength;
        return CidError.None;
    }

    private static CidError ReadVersion0(ReadOnlySpan<byte> source, out Cid cid, out int consumed)
    {
        (cid, consumed) = (default, 0);
        if (source.Length > 1 && source[1] != Memory.Digest256.ByteCount) return CidError.InvalidVersion0;
        if (source.Length < Version0Length) return CidError.Truncated;
        cid = new Cid(Version0Tag, new Multihash(new Memory.Digest256(source[2..Version0Length])));
        consumed = Version0Length;
        return CidError.None;
    }
}
