using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>Arrays of no slots, which stand for dictionaries that are missing.</summary>
internal static class ArrayOfNothing
{
    public static ArrowArray Of(ArrowType type)
    {
        ReadOnlyMemory<byte>[] buffers = new ReadOnlyMemory<byte>[type.Layout().BufferCount()];
        ArrowArray[] children = [.. type.Children.Select(child => Of(child.Type))];
        return new ArrowArray(type, 0, buffers, children, nullCount: 0);
    }
}
