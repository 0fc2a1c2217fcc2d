namespace ArrowCid.Memory;

// SAFETY: a declaration alone: nothing here reads or writes. Code that follows a pointer states why it may.
/// <summary>What a caller that allocates the structs has to know.</summary>
internal static unsafe class CDataSizes
{
    public static int Schema => sizeof(CSchema);

    public static int Array => sizeof(CArray);

    public static int DeviceArray => sizeof(CDeviceArray);

    public static int Stream => sizeof(CStream);
}
