using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

// SAFETY: a declaration alone: nothing here reads or writes. Code that follows a pointer states why it may.
/// <summary>struct ArrowArray.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CArray
{
    public long Length;
    public long NullCount;
    public long Offset;
    public long BufferCount;
    public long ChildCount;
    public byte** Buffers;
    public CArray** Children;
    public CArray* Dictionary;
    public delegate* unmanaged[Cdecl]<CArray*, void> Release;
    public nint PrivateData;
}
