using System.Runtime.InteropServices;
using ArrowCid.Columnar;

namespace ArrowCid.Tests.Columnar.CData;

/// <summary>Room for one struct of the C Data Interface, which is words of 8 bytes but for a device's type.</summary>
internal sealed class CStruct : IDisposable
{
    public const int Format = 0, Name = 1, Metadata = 2, Flags = 3, SchemaChildCount = 4, SchemaChildren = 5,
        SchemaDictionary = 6, SchemaRelease = 7, SchemaPrivate = 8;

    public const int Length = 0, NullCount = 1, Offset = 2, BufferCount = 3, ChildCount = 4, Buffers = 5,
        Children = 6, Dictionary = 7, Release = 8, Private = 9;

    private CStruct(int size)
    {
        (Address, Size) = (Marshal.AllocHGlobal(size), size);
        for (int i = 0; i < size; i += 8) Marshal.WriteInt64(Address, i, 0);
    }

    public static CStruct Schema() => new(ArrowCData.SchemaSize);

    public static CStruct Array() => new(ArrowCData.ArraySize);

    public static CStruct DeviceArray() => new(ArrowCData.DeviceArraySize);

    public static CStruct Stream() => new(ArrowCData.StreamSize);

    public nint Address { get; }

    public int Size { get; }

    public long this[int word]
    {
        get => Marshal.ReadInt64(Address, word * 8);
        set => Marshal.WriteInt64(Address, word * 8, value);
    }

    /// <summary>A word of a struct at an address.</summary>
    public static long Word(nint address, int word) => Marshal.ReadInt64(address, word * 8);

    /// <summary>The place of an element of a C array of pointers.</summary>
    public static nint Element(long array, int index) => Marshal.ReadIntPtr((nint)array, index * 8);

    /// <summary>A copy by bits, as a consumer moves a struct; the source is not marked.</summary>
    public static CStruct CopyOf(nint address, int size)
    {
        var copy = new CStruct(size);
        for (int i = 0; i < size; i += 8) Marshal.WriteInt64(copy.Address, i, Marshal.ReadInt64(address, i));
        return copy;
    }

    public void Dispose() => Marshal.FreeHGlobal(Address);
}
