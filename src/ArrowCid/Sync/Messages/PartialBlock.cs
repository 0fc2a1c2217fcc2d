using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid.Sync;

/// <summary>A block of which parts arrive in order. It takes memory for the bytes that came, not for those that are
/// promised.</summary>
internal sealed class PartialBlock(PartialBlock.Part first)
{
    private const int FirstBytes = 1 << 16;

    private byte[] _bytes = new byte[Math.Min(first.Total, FirstBytes)];
    private int _length;

    /// <summary>A part.</summary>
    public readonly record struct Part(Digest256 Digest, ulong Codec, int Total, int Offset,
        ReadOnlyMemory<byte> Bytes);

    /// <summary>Whether all parts came.</summary>
    public bool IsWhole => _length == first.Total;

    /// <summary>The block's bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _length);

    /// <summary>Writes a part.</summary>
    public static byte[] Write(SyncMessageKind kind, in Digest256 digest, ulong codec, int total, int offset,
        ReadOnlySpan<byte> bytes)
    {
        // The digest is in front of the bytes, so that a message has one item of bytes.
        var both = new byte[Digest256.ByteCount + bytes.Length];
        digest.CopyTo(both);
        bytes.CopyTo(both.AsSpan(Digest256.ByteCount));
        return SyncMessage.Write(kind, [codec, (ulong)total, (ulong)offset], both);
    }

    /// <summary>Reads a part.</summary>
    public static Part Read(SyncMessage message)
    {
        ulong codec = message.Number(0);
        int total = message.Number(1, Array.MaxLength), offset = message.Number(2, Array.MaxLength);
        if (message.Bytes.Length < Digest256.ByteCount || codec > uint.MaxValue)
            throw DagCborReader.Refuse("a part of a block in a wrong form", 0);
        ReadOnlyMemory<byte> bytes = message.Bytes[Digest256.ByteCount..];
        if (bytes.Length > total - offset || (bytes.Length == 0 && total > 0))
            throw DagCborReader.Refuse("a part of a block in a wrong form", 0);
        return new Part(new Digest256(message.Bytes.Span[..Digest256.ByteCount]), codec, total, offset, bytes);
    }

    /// <summary>Adds the next part.</summary>
    /// <returns>False where it does not follow the one before.</returns>
    public bool TryAdd(Part part)
    {
        bool isNext = part.Offset == _length && part.Total == first.Total && part.Digest == first.Digest &&
            part.Codec == first.Codec;
        if (!isNext) return false;
        int length = _length + part.Bytes.Length;
        if (length > _bytes.Length)
            Array.Resize(ref _bytes, (int)Math.Min(first.Total, Math.Max(length, _bytes.Length * 2L)));
        part.Bytes.CopyTo(_bytes.AsMemory(_length));
        _length = length;
        return true;
    }
}
