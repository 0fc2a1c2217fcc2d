using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

// SAFETY: a declaration alone: nothing here reads or writes. Code that follows a pointer states why it may.
/// <summary>struct ArrowArrayStream.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CStream
{
    public delegate* unmanaged[Cdecl]<CStream*, CSchema*, int> GetSchema;
    public delegate* unmanaged[Cdecl]<CStream*, CArray*, int> GetNext;
    public delegate* unmanaged[Cdecl]<CStream*, byte*> GetLastError;
    public delegate* unmanaged[Cdecl]<CStream*, void> Release;
    public nint PrivateData;
}
