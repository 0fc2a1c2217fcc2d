using System.Buffers.Binary;
using ArrowCid.Memory;

namespace ArrowCid.S3;

/// <summary>Where a block is in a bucket.</summary>
/// <param name="Digest">The SHA-256 of the block.</param>
/// <param name="Codec">The codec of its CID.</param>
/// <param name="Generation">The unique id of the object that holds it.</param>
/// <param name="Form">What that object is.</param>
/// <param name="Offset">The offset of its first byte in the object.</param>
/// <param name="Length">Its number of bytes.</param>
internal readonly record struct BucketEntry(Digest256 Digest, ulong Codec, Guid Generation, EntryForm Form, int Offset,
    int Length) : IComparable<BucketEntry>
{
    /// <summary>The bytes of an entry.</summary>
    public const int ByteLength = 64;

    private const int GenerationAt = 32, OffsetAt = 48, LengthAt = 52, CodecAt = 56, FormAt = 60;

    /// <summary>The block's CID.</summary>
    public Cid Cid => Cid.FromSha256(Codec, Digest);

    /// <summary>The key of the object that holds it.</summary>
    public string Key => Form == EntryForm.Pack ? PackKey(Generation) : BlockKey(Cid, Generation);

    /// <summary>The key of a pack.</summary>
    public static string PackKey(Guid generation)
    {
        string name = generation.ToString("n");
        return $"p/{name[^2..]}/{name}.car";
    }

    /// <summary>The key of a block that is an object of its own.</summary>
    public static string BlockKey(Cid cid, Guid generation)
    {
        string name = cid.ToString();
        return $"b/{name[^2..]}/{name}.{generation:n}";
    }

    /// <summary>Reads an entry.</summary>
    /// <returns>False if its fields cannot be.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out BucketEntry entry)
    {
        uint offset = BinaryPrimitives.ReadUInt32LittleEndian(bytes[OffsetAt..]);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[LengthAt..]);
        entry = new BucketEntry(new Digest256(bytes[..GenerationAt]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[CodecAt..]),
            new Guid(bytes[GenerationAt..OffsetAt], bigEndian: true), (EntryForm)bytes[FormAt], (int)offset,
            (int)length);
        return offset <= int.MaxValue && length <= int.MaxValue && bytes[FormAt] is >= (byte)EntryForm.Block
            and <= (byte)EntryForm.Dropped;
    }

    /// <summary>Writes the entry.</summary>
    public void Write(Span<byte> bytes)
    {
        bytes[..ByteLength].Clear();
        Digest.CopyTo(bytes);
        _ = Generation.TryWriteBytes(bytes[GenerationAt..OffsetAt], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[OffsetAt..], (uint)Offset);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[LengthAt..], (uint)Length);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[CodecAt..], (uint)Codec);
        bytes[FormAt] = (byte)Form;
    }

    public int CompareTo(BucketEntry other)
    {
        Span<byte> own = stackalloc byte[ByteLength], others = stackalloc byte[ByteLength];
        Write(own);
        other.Write(others);
        return own.SequenceCompareTo(others);
    }
}
