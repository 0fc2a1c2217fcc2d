namespace ArrowCid.Memory;

/// <summary>What a caller that allocates the structs has to know.</summary>
internal static unsafe class CDataSizes
{
    public static int Schema => sizeof(CSchema);

    public static int Array => sizeof(CArray);

    public static int DeviceArray => sizeof(CDeviceArray);

    public static int Stream => sizeof(CStream);
}
