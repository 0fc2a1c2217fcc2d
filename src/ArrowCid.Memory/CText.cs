using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

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
