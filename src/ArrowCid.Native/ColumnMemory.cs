using System.Runtime.InteropServices;

namespace ArrowCid.Native;

/// <summary><c>arrowcid_column</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ColumnMemory
{
    public byte* Validity;
    public long ValidityLength;
    public byte* Values;
    public long ValuesLength;
    public byte* Offsets;
    public long OffsetsLength;
    public byte* Data;
    public long DataLength;
}
