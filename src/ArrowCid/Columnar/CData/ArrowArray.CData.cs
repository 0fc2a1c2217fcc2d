using ArrowCid.Memory;

namespace ArrowCid.Columnar;

internal sealed partial class ArrowArray : ICArraySource
{
    void ICArraySource.WriteTo(CDataExport export, CArrayPlace place) => WriteTo(export, place);

    /// <summary>Writes this array as a struct ArrowArray over the same memory.</summary>
    internal void WriteTo(CDataExport export, CArrayPlace place)
    {
        CArrayPlaces below = export.Write(place, new CArrayForm(Length, CNullCount, Offset, Layout.HasValidity(),
            Layout == BufferLayout.ByteViews, _children.Length), _buffers);
        for (int i = 0; i < _children.Length; i++) _children[i].WriteTo(export, below.Child(i));
        if (Type is DictionaryType type)
            (Dictionary ?? ArrayJoin.Empty(type.ValueType)).WriteTo(export, below.Dictionary);
    }

    // Where it is not known it is not counted: the consumer may.
    private long CNullCount => Layout switch
    {
        BufferLayout.Null => Length,
        _ when !Layout.HasValidity() || _buffers[0].IsEmpty => 0,
        _ => _nullCount,
    };
}
