using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

// The structs of the Arrow C Data, C Device and C Stream interfaces, byte for byte as a 64-bit process has them.
// SAFETY: nothing here reads or writes; code that follows a pointer states why it may.

/// <summary>struct ArrowSchema.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CSchema
{
    public const int Nullable = 2, DictionaryOrdered = 1, MapKeysSorted = 4;

    public byte* Format;
    public byte* Name;
    public byte* Metadata;
    public long Flags;
    public long ChildCount;
    public CSchema** Children;
    public CSchema* Dictionary;
    public delegate* unmanaged[Cdecl]<CSchema*, void> Release;
    public nint PrivateData;
}
