using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>A buffer's field and role, in the order in which a body holds them.</summary>
internal readonly record struct BufferName(CanonicalField Field, BufferRole Role)
{
    /// <summary>
    /// The buffers of a column and its children, in Arrow's pre-order; a view column has as many data buffers as its
    /// next variadic count says.
    /// </summary>
    public static IEnumerable<BufferName> Of(CanonicalField field, Queue<long> variadic)
    {
        bool isDictionary = field.Layout == BufferLayout.Dictionary;
        if (field.Layout.HasValidity()) yield return new BufferName(field, BufferRole.Validity);
        foreach (BufferRole role in RolesOf(field.Layout)) yield return new BufferName(field, role);
        if (field.Layout == BufferLayout.ByteViews)
        {
            for (long left = variadic.Dequeue(); left > 0; left--) yield return new BufferName(field, BufferRole.Data);
        }

        if (isDictionary) yield break;
        foreach (CanonicalField child in field.Children)
        {
            foreach (BufferName name in Of(child, variadic)) yield return name;
        }
    }

    /// <summary>The rule of canonical-block.md, section 3, that says what the buffer holds.</summary>
    public string Rule => (Role, Field.Layout) switch
    {
        (BufferRole.Validity, _) =>
            "validity is absent where every slot is valid, else one bit a slot and zero past the end",
        (BufferRole.Values, BufferLayout.Bits) => "a bit a slot, zero where the slot is not valid and past the end",
        (BufferRole.Values, _) when Field.Type.IsFloat() =>
            "a value a slot, zero where it is not valid, every NaN the quiet one",
        (BufferRole.Values, _) => "a value a slot, zero where it is not valid",
        (BufferRole.Offsets, BufferLayout.ListView32 or BufferLayout.ListView64) =>
            "an offset counts the elements so far",
        (BufferRole.Offsets, BufferLayout.DenseUnion) => "offsets count 0, 1, 2 … within each child",
        (BufferRole.Offsets, _) => "n + 1 offsets from 0, a slot that is not valid being empty",
        (BufferRole.Sizes, _) => "a size a slot, 0 where it is not valid",
        (BufferRole.Data, BufferLayout.ByteViews) =>
            "values over 12 bytes lie in row order, each once a row, in one buffer",
        (BufferRole.Data, _) => "the valid values' bytes lie in row order and nothing between them",
        (BufferRole.Views, _) =>
            "a view holds up to 12 bytes zero-filled, or length, prefix, buffer 0 and an offset in row order",
        (BufferRole.TypeCodes, _) => "a type code a slot, the first declared one where the slot is hidden",
        _ => "dictionary entries stand in order of first use, none unused, null or twice (ordered: in their order)",
    };

    private static IEnumerable<BufferRole> RolesOf(BufferLayout layout) => layout switch
    {
        BufferLayout.Bits or BufferLayout.Fixed => [BufferRole.Values],
        BufferLayout.Bytes32 or BufferLayout.Bytes64 => [BufferRole.Offsets, BufferRole.Data],
        BufferLayout.ByteViews => [BufferRole.Views],
        BufferLayout.List32 or BufferLayout.List64 => [BufferRole.Offsets],
        BufferLayout.ListView32 or BufferLayout.ListView64 => [BufferRole.Offsets, BufferRole.Sizes],
        BufferLayout.SparseUnion => [BufferRole.TypeCodes],
        BufferLayout.DenseUnion => [BufferRole.TypeCodes, BufferRole.Offsets],
        BufferLayout.Dictionary => [BufferRole.Indices],
        _ => [],
    };
}
