namespace ArrowCid.Memory;

/// <summary>Calls into structs of others.</summary>
internal static unsafe class CDataCalls
{
    // SAFETY: the caller says that the struct is one of the interface: then its release is what the interface says.
    public static void ReleaseSchema(nint schema)
    {
        var target = (CSchema*)schema;
        if (target->Release is not null) target->Release(target);
    }

    // SAFETY: the same.
    public static void ReleaseArray(nint array)
    {
        var target = (CArray*)array;
        if (target->Release is not null) target->Release(target);
    }

    // SAFETY: the same.
    public static void ReleaseStream(nint stream)
    {
        var target = (CStream*)stream;
        if (target->Release is not null) target->Release(target);
    }

    // SAFETY: the same.
    public static bool IsStreamReleased(nint stream) => ((CStream*)stream)->Release is null;

    /// <summary>Whether a struct ArrowDeviceArray's memory is the CPU's, and nothing has to be waited for.</summary>
    public static bool IsCpu(nint deviceArray, out int deviceType, out bool mustWait)
    {
        var device = (CDeviceArray*)deviceArray;
        (deviceType, mustWait) = (device->DeviceType, device->SyncEvent is not null);
        return deviceType == CDeviceArray.Cpu && !mustWait;
    }
}
