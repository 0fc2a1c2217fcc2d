using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

/// <summary>Pinned bytes that end with NUL. Structs may point at them for as long as this object is kept.</summary>
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
