using System.Text;

namespace ArrowCid;

/// <summary>
/// Self-describing text of bytes: the first character names the base. Bases are named by that character. Reading is
/// strict (padding, trailing bits) and takes either case where the base's alphabet has one case only.
/// </summary>
public static class Multibase
{
    /// <summary>Hexadecimal, lower case.</summary>
    public const char Base16 = 'f';
    /// <summary>Hexadecimal, upper case.</summary>
    public const char Base16Upper = 'F';
    /// <summary>Base 32 of RFC 4648, lower case, without padding: a CID's usual text.</summary>
    public const char Base32 = 'b';
    /// <summary>Base 32, upper case, without padding.</summary>
    public const char Base32Upper = 'B';
    /// <summary>Base 32, lower case, with padding.</summary>
    public const char Base32Pad = 'c';
    /// <summary>Base 32, upper case, with padding.</summary>
    public const char Base32PadUpper = 'C';
    /// <summary>Base 36, lower case: names that must fit a DNS label.</summary>
    public const char Base36 = 'k';
    /// <summary>Base 36, upper case.</summary>
    public const char Base36Upper = 'K';
    /// <summary>Base 58 with Bitcoin's alphabet.</summary>
    public const char Base58Btc = 'z';
    /// <summary>Base 64 without padding.</summary>
    public const char Base64 = 'm';
    /// <summary>Base 64 with padding.</summary>
    public const char Base64Pad = 'M';
    /// <summary>Base 64 of the URL alphabet, without padding.</summary>
    public const char Base64Url = 'u';
    /// <summary>Base 64 of the URL alphabet, with padding.</summary>
    public const char Base64UrlPad = 'U';

    private const string LowerLetters = "abcdefghijklmnopqrstuvwxyz", UpperLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        Digits = "0123456789";

    private static readonly Rfc4648
        s_base16 = new(Digits + "abcdef", padded: false),
        s_base16Upper = new(Digits + "ABCDEF", padded: false),
        s_base32 = new(LowerLetters + "234567", padded: false),
        s_base32Upper = new(UpperLetters + "234567", padded: false),
        s_base32Pad = new(LowerLetters + "234567", padded: true),
        s_base32PadUpper = new(UpperLetters + "234567", padded: true),
        s_base64 = new(UpperLetters + LowerLetters + Digits + "+/", padded: false),
        s_base64Pad = new(UpperLetters + LowerLetters + Digits + "+/", padded: true),
        s_base64Url = new(UpperLetters + LowerLetters + Digits + "-_", padded: false),
        s_base64UrlPad = new(UpperLetters + LowerLetters + Digits + "-_", padded: true);

    private static readonly PositionalBase
        s_base36 = new(Digits + LowerLetters, ignoreCase: true),
        s_base36Upper = new(Digits + UpperLetters, ignoreCase: true),
        s_base58Btc = new("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", ignoreCase: false);

    /// <summary>Whether a character names a base that ArrowCid reads and writes.</summary>
    /// <param name="prefix">Any character.</param>
    /// <returns>True for the constants of this class.</returns>
    public static bool IsSupported(char prefix) => Rfc(prefix) is not null || Positional(prefix) is not null;

    /// <summary>Writes bytes as text, the base's character first.</summary>
    /// <param name="prefix">The base: one of the constants of this class.</param>
    /// <param name="bytes">The bytes; at most 2,048 in base 36 and 58.</param>
    /// <returns>The text.</returns>
    /// <exception cref="ArgumentException">Another base, or too many bytes.</exception>
    public static string Encode(char prefix, ReadOnlySpan<byte> bytes)
    {
        if (!IsSupported(prefix))
        {
            throw new ArgumentException($"'{prefix}' names no base that ArrowCid writes.", nameof(prefix));
        }

        const int Most = PositionalBase.MaxByteCount;
        if (Positional(prefix) is not null && bytes.Length > Most)
        {
            throw new ArgumentException($"Bases 36 and 58 take {Most} bytes, not {bytes.Length}.", nameof(bytes));
        }

        long size = MaxEncodedLength(prefix, bytes.Length);
        if (size > Array.MaxLength / 2) throw new ArgumentException("The text would be too long.", nameof(bytes));
        Span<byte> text = size <= 256 ? stackalloc byte[256] : new byte[size];
        return Encoding.ASCII.GetString(text[..EncodeAscii(prefix, bytes, text)]);
    }

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text with its first character; at most 4,096 more in base 36 and 58.</param>
    /// <returns>The bytes.</returns>
    /// <exception cref="ArrowCidException">The text is not valid (<see cref="ErrorCode.InvalidCid"/>).</exception>
    public static byte[] Decode(ReadOnlySpan<char> text) => TryDecode(text, out byte[] bytes, out CidError error)
        ? bytes
        : throw new ArrowCidException(ErrorCode.InvalidCid,
            $"Not a multibase text: {Cid.Describe(error)}: {Cid.Shorten(text)}");

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text with its first character; at most 4,096 more in base 36 and 58.</param>
    /// <param name="bytes">The bytes, or none.</param>
    /// <param name="error">Why it is not valid, or <see cref="CidError.None"/>.</param>
    /// <returns>False where the text is not valid.</returns>
    public static bool TryDecode(ReadOnlySpan<char> text, out byte[] bytes, out CidError error)
    {
        bytes = [];
        error = Preview(text);
        if (error != CidError.None) return false;
        byte[] ascii = new byte[text.Length - 1], data = new byte[MaxDecodedLength(text[0], ascii.Length)];
        _ = Encoding.ASCII.GetBytes(text[1..], ascii);
        error = DecodeAscii((byte)text[0], ascii, data, out int length);
        if (error != CidError.None) return false;
        bytes = length == data.Length ? data : data[..length];
        return true;
    }

    internal static long MaxEncodedLength(char prefix, int byteCount) =>
        1 + (Rfc(prefix)?.EncodedLength(byteCount) ?? Positional(prefix)!.MaxEncodedLength(byteCount));

    internal static int MaxDecodedLength(char prefix, int charCount) =>
        Rfc(prefix)?.MaxDecodedLength(charCount) ?? PositionalBase.MaxDecodedLength(charCount);

    internal static int EncodeAscii(char prefix, ReadOnlySpan<byte> bytes, Span<byte> text)
    {
        text[0] = (byte)prefix;
        return 1 + (Rfc(prefix)?.Encode(bytes, text[1..]) ?? Positional(prefix)!.Encode(bytes, text[1..]));
    }

    internal static CidError DecodeAscii(byte prefix, ReadOnlySpan<byte> text, Span<byte> bytes, out int length)
    {
        if (Rfc((char)prefix) is { } rfc) return rfc.Decode(text, bytes, out length);
        if (Positional((char)prefix) is { } positional) return positional.Decode(text, bytes, out length);
        length = 0;
        return CidError.UnknownMultibase;
    }

    internal static int EncodeBase58(ReadOnlySpan<byte> bytes, Span<byte> text) => s_base58Btc.Encode(bytes, text);

    internal static CidError DecodeBase58(ReadOnlySpan<byte> text, Span<byte> bytes, out int length) =>
        s_base58Btc.Decode(text, bytes, out length);

    /// <summary>What can be said before memory is taken.</summary>
    private static CidError Preview(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty) return CidError.Empty;
        if (!IsSupported(text[0])) return CidError.UnknownMultibase;
        if (Positional(text[0]) is not null && text.Length - 1 > PositionalBase.MaxCharCount) return CidError.TooLong;
        return Ascii.IsValid(text) ? CidError.None : CidError.InvalidCharacter;
    }

    private static Rfc4648? Rfc(char prefix) => prefix switch
    {
        Base32 => s_base32,
        Base32Upper => s_base32Upper,
        Base32Pad => s_base32Pad,
        Base32PadUpper => s_base32PadUpper,
        Base16 => s_base16,
        Base16Upper => s_base16Upper,
        Base64 => s_base64,
        Base64Pad => s_base64Pad,
        Base64Url => s_base64Url,
        Base64UrlPad => s_base64UrlPad,
        _ => null,
    };

    private static PositionalBase? Positional(char prefix) => prefix switch
    {
        Base58Btc => s_base58Btc,
        Base36 => s_base36,
        Base36Upper => s_base36Upper,
        _ => null,
    };
}
