using System.Runtime.InteropServices;
using ArrowCid.Memory;

namespace ArrowCid.Native;

/// <summary>The implementations of exported structs' functions behind exports.c, which keeps forked children
/// out.</summary>
// SAFETY: a consumer calls them with a struct that we made or a copy of it, and guarantees that the target struct is
// writable memory of its size.
internal static unsafe class ReleaseExports
{
    /// <summary>Has structs that are exported from now on carry the functions of exports.c.</summary>
    public static void Guard() => GuardedCallbacks(ref CDataCallbacks.Current);

    [DllImport("exports", EntryPoint = "guarded_callbacks", ExactSpelling = true)]
    private static extern void GuardedCallbacks(ref CDataCallbacks target);

    [UnmanagedCallersOnly(EntryPoint = "managed_release_schema")]
    public static void Schema(CSchema* schema) => CDataExport.Release(schema);

    [UnmanagedCallersOnly(EntryPoint = "managed_release_array")]
    public static void Array(CArray* array) => CDataExport.Release(array);

    [UnmanagedCallersOnly(EntryPoint = "managed_release_stream")]
    public static void Stream(CStream* stream) => CStreamExport.Release(stream);

    [UnmanagedCallersOnly(EntryPoint = "managed_stream_schema")]
    public static int StreamSchema(CStream* stream, CSchema* target) => CStreamExport.GetSchema(stream, target);

    [UnmanagedCallersOnly(EntryPoint = "managed_stream_next")]
    public static int StreamNext(CStream* stream, CArray* target) => CStreamExport.GetNext(stream, target);

    [UnmanagedCallersOnly(EntryPoint = "managed_stream_error")]
    public static byte* StreamError(CStream* stream) => CStreamExport.GetLastError(stream);
}
