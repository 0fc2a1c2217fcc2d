using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

/// <summary>A struct ArrowSchema to be made.</summary>
/// <param name="Format">The format.</param>
/// <param name="Name">The name.</param>
/// <param name="Metadata">Encoded metadata; null for none.</param>
/// <param name="Flags">The flags.</param>
/// <param name="Children">The children.</param>
/// <param name="Dictionary">The values of a dictionary-encoded array.</param>
internal sealed record CSchemaNode(
    CText Format, CText Name, CText? Metadata, long Flags, CSchemaNode[] Children, CSchemaNode? Dictionary);

/// <summary>Bytes with a NUL behind them that lie still, so that structs point at them for as long as whoever made
/// these keeps this.</summary>
internal sealed unsafe class CText
{
    private readonly byte[] _bytes;

    public CText(ReadOnlySpan<byte> bytes)
    {
        _bytes = GC.AllocateArray<byte>(bytes.Length + 1, pinned: true);
        bytes.CopyTo(_bytes);
    }

    // SAFETY: an array allocated as pinned is never moved.
    public byte* Start => (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_bytes, 0);
}

/// <summary>Where the address of a struct ArrowArray goes.</summary>
internal readonly unsafe struct CArrayPlace(CArray** place)
{
    // SAFETY: memory of the export, which whoever has a place is still writing.
    public void Set(CArray* address) => *place = address;
}

/// <summary>The places below a struct ArrowArray; each is to be filled.</summary>
internal readonly unsafe struct CArrayPlaces(CArray* parent)
{
    public CArrayPlace Dictionary => new(&parent->Dictionary);

    public CArrayPlace Child(int index) => new(parent->Children + index);
}

/// <summary>What a struct ArrowArray says of itself.</summary>
/// <param name="Length">Slots.</param>
/// <param name="NullCount">Nulls, or -1.</param>
/// <param name="Offset">Slots of the buffers before the first.</param>
/// <param name="HasValidity">Whether the first buffer is a bitmap, which is NULL where it is empty.</param>
/// <param name="HasViews">Whether a buffer with the sizes of those from the third on is to be added.</param>
/// <param name="Children">How many there are.</param>
internal readonly record struct CArrayForm(
    long Length, long NullCount, long Offset, bool HasValidity, bool HasViews, int Children);
