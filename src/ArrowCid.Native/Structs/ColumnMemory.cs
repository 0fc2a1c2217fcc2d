using System.Runtime.InteropServices;

namespace ArrowCid.Native;

// SAFETY: a declaration alone: nothing here reads or writes. Code that follows a pointer states why it may.
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
