using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

// The structs of the Arrow C Data, C Device and C Stream interfaces, byte for byte as a 64-bit process has them.
// SAFETY: nothing here reads or writes; who follows a pointer says why it may.

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

/// <summary>struct ArrowDeviceArray.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CDeviceArray
{
    /// <summary>ARROW_DEVICE_CPU, and the id that it has.</summary>
    public const int Cpu = 1, CpuId = -1;

    public CArray Array;
    public long DeviceId;
    public int DeviceType;
    public void* SyncEvent;
    public fixed long Reserved[3];
}

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

/// <summary>What a caller that allocates the structs has to know.</summary>
internal static unsafe class CDataSizes
{
    public static int Schema => sizeof(CSchema);

    public static int Array => sizeof(CArray);

    public static int DeviceArray => sizeof(CDeviceArray);

    public static int Stream => sizeof(CStream);
}
