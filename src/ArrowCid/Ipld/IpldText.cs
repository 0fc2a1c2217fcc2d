using System.Buffers;
using System.Text;

namespace ArrowCid.Ipld;

/// <summary>Unicode text as IPLD compares it: by its UTF-8 bytes, without making them.</summary>
internal static class IpldText
{
    private static readonly SearchValues<char> s_surrogates =
        SearchValues.Create([.. Enumerable.Range(0xd800, 0x800).Select(c => (char)c)]);

    /// <summary>Decodes what may be ill-formed; each ill-formed sequence becomes U+FFFD.</summary>
    public static Encoding Utf8 { get; } = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Whether no surrogate stands alone, so that the text has a UTF-8 form.</summary>
    public static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        while (true)
        {
            int at = text.IndexOfAny(s_surrogates);
            if (at < 0) return true;
            if (at + 1 >= text.Length || !char.IsSurrogatePair(text[at], text[at + 1])) return false;
            text = text[(at + 2)..];
        }
    }

    /// <summary>dag-cbor's order of keys: shorter UTF-8 forms first, then by bytes.</summary>
    public static int CompareKeys(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        int byLength = Utf8.GetByteCount(left).CompareTo(Utf8.GetByteCount(right));
        return byLength != 0 ? byLength : CompareBytes(left, right);
    }

    /// <summary>The order of the UTF-8 forms, byte by byte, which is that of the code points.</summary>
    public static int CompareBytes(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        int same = left.CommonPrefixLength(right);
        if (same == left.Length || same == right.Length) return left.Length.CompareTo(right.Length);
        return Rank(left[same]).CompareTo(Rank(right[same]));
    }

    /// <summary>The offset of the first byte that is not UTF-8, or -1.</summary>
    public static int IllFormedAt(ReadOnlySpan<byte> utf8)
    {
        if (System.Text.Unicode.Utf8.IsValid(utf8)) return -1;
        int at = 0;
        while (Rune.DecodeFromUtf8(utf8[at..], out _, out int length) == OperationStatus.Done)
        {
            at += length;
        }

        return at;
    }

    // Surrogates encode code points over U+FFFF, so they sort after U+E000 to U+FFFF.
    private static int Rank(char c) => c switch
    {
        < '\ud800' => c,
        > '\udfff' => c - 0x800,
        _ => c + 0x2000,
    };
}
