using ArrowCid.Memory;

namespace ArrowCid.Columnar;

public sealed partial class ArrowArray
{
    /// <summary>This array as a struct ArrowArray to be, over the same memory.</summary>
    internal CArrayNode ToCArray() => new(Length, CNullCount, Offset, _buffers, Layout.HasValidity(),
        Layout == Layout.ByteViews, Array.ConvertAll(_children, child => child.ToCArray()),
        Type is DictionaryType type ? (Dictionary ?? ArrayJoin.Empty(type.ValueType)).ToCArray() : null);

    // Where it is not known it is not counted: the consumer may.
    private long CNullCount => Layout switch
    {
        Layout.Null => Length,
        _ when !Layout.HasValidity() || _buffers[0].IsEmpty => 0,
        _ => _nullCount,
    };
}
