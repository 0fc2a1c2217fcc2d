using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

// SAFETY: a declaration alone: nothing here reads or writes. Code that follows a pointer states why it may.
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
