using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

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
