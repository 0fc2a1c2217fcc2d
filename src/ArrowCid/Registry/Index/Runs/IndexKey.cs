using System.Buffers.Binary;
using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>Keys of sections: a group (a producer, a tag with its value, a digest, or nothing), a time and the block's
/// digest, so that byte order is the order of all three.</summary>
internal static class IndexKey
{
    /// <summary>The time and the digest after a group.</summary>
    public const int TailBytes = sizeof(ulong) + Digest256.ByteCount;

    /// <summary>No text within its limit makes a longer group: each byte may be escaped.</summary>
    public const int MaxGroupBytes = 2 * (FactLimits.MaxTagKeyBytes + FactLimits.MaxTagValueBytes + 2);

    private const byte Escaped = 0xff;
    private const byte End = 1;
    private const byte BehindEnd = 2;

    /// <summary>The number of bytes that the groups of a text of <paramref name="chars"/> characters can take at
    /// most.</summary>
    public static int MaxBytesOf(int chars) => Math.Min((6 * chars) + 4, MaxGroupBytes);

    /// <summary>Writes a text so that a prefix of it is a prefix of its bytes, and nothing that follows it changes its
    /// order.</summary>
    /// <returns>The bytes written.</returns>
    public static int WriteText(ReadOnlySpan<byte> utf8, Span<byte> to)
    {
        int length = WriteOpenText(utf8, to);
        (to[length], to[length + 1]) = (0, End);
        return length + 2;
    }

    /// <summary>The same of a text that a fact may have.</summary>
    public static int WriteText(string text, Span<byte> to)
    {
        Span<byte> utf8 = stackalloc byte[Math.Min(3 * text.Length, FactLimits.MaxTagValueBytes)];
        return IpldText.Utf8.TryGetBytes(text, utf8, out int length)
            ? WriteText(utf8[..length], to)
            : throw new IndexDamagedException("a text beyond its limit");
    }

    /// <summary>The same without its end: what any text that begins so begins with.</summary>
    public static int WriteOpenText(ReadOnlySpan<byte> utf8, Span<byte> to)
    {
        if (utf8.IndexOf((byte)0) < 0)
        {
            utf8.CopyTo(to);
            return utf8.Length;
        }

        int length = 0;
        foreach (byte one in utf8)
        {
            to[length++] = one;
            if (one == 0) to[length++] = Escaped;
        }

        return length;
    }

    /// <summary>The group of a text.</summary>
    public static byte[] OfText(string text)
    {
        byte[] utf8 = IpldText.Utf8.GetBytes(text);
        var group = new byte[(2 * utf8.Length) + 2];
        return group[..WriteText(utf8, group)];
    }

    /// <summary>What the groups of all texts begin with that begin with one.</summary>
    public static byte[] OfOpenText(string text)
    {
        byte[] utf8 = IpldText.Utf8.GetBytes(text);
        var group = new byte[2 * utf8.Length];
        return group[..WriteOpenText(utf8, group)];
    }

    /// <summary>The first key after those of a text.</summary>
    public static byte[] BehindText(string text)
    {
        byte[] group = OfText(text);
        group[^1] = BehindEnd;
        return group;
    }

    public static byte[] OfDigest(in Digest256 digest) => Digest256.Bytes(in digest).ToArray();

    public static byte[] OfTime(ulong time)
    {
        var key = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(key, time);
        return key;
    }

    public static byte[] Join(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other) => [.. one, .. other];

    /// <summary>The first key after all that begin with a prefix; null where there is none.</summary>
    public static byte[]? Behind(ReadOnlySpan<byte> prefix)
    {
        int last = prefix.LastIndexOfAnyExcept((byte)0xff);
        if (last < 0) return null;
        byte[] next = prefix[..(last + 1)].ToArray();
        next[last]++;
        return next;
    }

    public static void WriteTail(ulong time, in Digest256 digest, Span<byte> to)
    {
        BinaryPrimitives.WriteUInt64BigEndian(to, time);
        digest.CopyTo(to[sizeof(ulong)..]);
    }

    public static Digest256 DigestOf(ReadOnlySpan<byte> key) => new(key[^Digest256.ByteCount..]);

    public static ulong TimeOf(ReadOnlySpan<byte> key) =>
        BinaryPrimitives.ReadUInt64BigEndian(key[^TailBytes..]);
}
