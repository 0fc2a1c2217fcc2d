using System.Runtime.InteropServices;

namespace ArrowCid.Native;

/// <summary><c>arrowcid_removal</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RemovalOut
{
    public long Removed, Kept, Length;
}
