using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

/// <summary>
/// The functions that exported structs carry. They are managed ones, until a host that must look at something before
/// managed code is entered, as the C library does for a fork, puts its own in their place, which call
/// <see cref="CDataExport.Release(CSchema*)"/> and its like.
/// </summary>
// SAFETY: a consumer calls them with a struct that we made or a copy of it, and guarantees that the target struct is
// writable memory of its size.
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CDataCallbacks
{
    public delegate* unmanaged[Cdecl]<CSchema*, void> ReleaseSchema;
    public delegate* unmanaged[Cdecl]<CArray*, void> ReleaseArray;
    public delegate* unmanaged[Cdecl]<CStream*, CSchema*, int> StreamSchema;
    public delegate* unmanaged[Cdecl]<CStream*, CArray*, int> StreamNext;
    public delegate* unmanaged[Cdecl]<CStream*, byte*> StreamError;
    public delegate* unmanaged[Cdecl]<CStream*, void> ReleaseStream;

    public static CDataCallbacks Current = new()
    {
        ReleaseSchema = &OfSchema,
        ReleaseArray = &OfArray,
        StreamSchema = &GetSchema,
        StreamNext = &GetNext,
        StreamError = &GetLastError,
        ReleaseStream = &OfStream,
    };

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OfSchema(CSchema* schema) => CDataExport.Release(schema);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OfArray(CArray* array) => CDataExport.Release(array);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetSchema(CStream* stream, CSchema* target) => CStreamExport.GetSchema(stream, target);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetNext(CStream* stream, CArray* target) => CStreamExport.GetNext(stream, target);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte* GetLastError(CStream* stream) => CStreamExport.GetLastError(stream);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OfStream(CStream* stream) => CStreamExport.Release(stream);
}
