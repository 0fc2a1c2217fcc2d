using System.Runtime.InteropServices;

namespace ArrowCid.Native;

/// <summary><c>arrowcid_options</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Options
{
    public long Size, Capacity, SegmentSize, TimeoutMilliseconds;
    public int Durability, Verify, Retention, Flags;
}
