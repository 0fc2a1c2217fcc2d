using System.Globalization;

namespace ArrowCid.Columnar;

/// <summary>
/// What must hold between a type, a length and the sizes of buffers and children, without a look at values.
/// </summary>
internal static class ArrayStructure
{
    /// <summary>The first rule that the array's parts break, or null.</summary>
    public static string? FindError(ArrowArray array)
    {
        BufferLayout layout = array.Layout;
        long slots = (long)array.Offset + array.Length;
        if (slots > int.MaxValue) return "an array has more than 2^31 - 1 slots";
        int wanted = layout.BufferCount();
        int given = array.Buffers.Length;
        if (layout == BufferLayout.ByteViews ? given < wanted : given != wanted)
            return Text($"{array.Type} has {wanted} buffers, not {given}");
        IReadOnlyList<Field> declaredChildren = array.Type.Children;
        ReadOnlySpan<ArrowArray> children = array.ChildSpan;
        if (children.Length != declaredChildren.Count)
            return Text($"{array.Type} has {declaredChildren.Count} children, not {children.Length}");
        for (int i = 0; i < children.Length; i++)
        {
            ArrowType actual = children[i].Type, declared = declaredChildren[i].Type;
            if (!actual.Equals(declared)) return Text($"a child is {actual} where {array.Type} has {declared}");
        }

        if (array.Dictionary is { } dictionary
            && !(array.Type is DictionaryType encoded && dictionary.Type.Equals(encoded.ValueType)))
        {
            return Text($"a dictionary of {dictionary.Type} does not fit {array.Type}");
        }

        if (layout.HasValidity() && !array.Buffers[0].IsEmpty && array.Buffers[0].Length < slots + 7 >> 3)
            return Text($"the validity bitmap has {array.Buffers[0].Length} bytes for {slots} slots");
        return BufferFlaw(array, layout, slots) ?? ChildFlaw(array, layout, slots);
    }

    private static string? BufferFlaw(ArrowArray array, BufferLayout layout, long slots)
    {
        ReadOnlySpan<ReadOnlyMemory<byte>> buffers = array.Buffers;
        return layout switch
        {
            BufferLayout.Bits => Short(buffers[1], slots + 7 >> 3, "the value bitmap"),
            BufferLayout.Fixed => Short(buffers[1], slots * array.Type.ByteWidth(), "the values"),
            BufferLayout.Dictionary => Short(buffers[1], slots * array.Type.ByteWidth(), "the indices"),
            BufferLayout.Bytes32 or BufferLayout.List32 => Offsets(buffers[1], slots, 4),
            BufferLayout.Bytes64 or BufferLayout.List64 => Offsets(buffers[1], slots, 8),
            BufferLayout.ByteViews => Short(buffers[1], slots * 16, "the views"),
            BufferLayout.ListView32 =>
                Short(buffers[1], slots * 4, "the offsets") ?? Short(buffers[2], slots * 4, "the sizes"),
            BufferLayout.ListView64 =>
                Short(buffers[1], slots * 8, "the offsets") ?? Short(buffers[2], slots * 8, "the sizes"),
            BufferLayout.SparseUnion => Short(buffers[0], slots, "the type codes"),
            BufferLayout.DenseUnion =>
                Short(buffers[0], slots, "the type codes") ?? Short(buffers[1], slots * 4, "the offsets"),
            _ => null,
        };
    }

    private static string? ChildFlaw(ArrowArray array, BufferLayout layout, long slots)
    {
        switch (layout)
        {
            case BufferLayout.Struct or BufferLayout.SparseUnion:
                foreach (ArrowArray child in array.Children)
                {
                    if (child.Length < slots)
                        return Text($"a child has {child.Length} slots for {slots} of its parent's");
                }

                return null;
            case BufferLayout.FixedSizeList:
                long items = slots * ((FixedSizeListType)array.Type).ListSize;
                return array.Children[0].Length < items
                    ? Text($"a fixed-size list's child has {array.Children[0].Length} slots where {items} are needed")
                    : null;
            case BufferLayout.RunEnds:
                return array.Children[1].Length < array.Children[0].Length
                    ? Text($"{array.Children[0].Length} run ends stand against {array.Children[1].Length} values")
                    : null;
            default:
                return null;
        }
    }

    private static string? Offsets(ReadOnlyMemory<byte> buffer, long slots, int width) =>
        slots == 0 && buffer.IsEmpty ? null : Short(buffer, (slots + 1) * width, "the offsets");

    private static string? Short(ReadOnlyMemory<byte> buffer, long needed, string what) =>
        buffer.Length < needed ? Text($"{what} have {buffer.Length} bytes where {needed} are needed") : null;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
