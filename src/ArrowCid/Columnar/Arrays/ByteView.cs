using System.Buffers.Binary;

namespace ArrowCid.Columnar;

/// <summary>One view: int32 length, then the value itself, or 4 bytes of it, a buffer's number and an offset.</summary>
internal static class ByteView
{
    public const int Size = 16;
    public const int MaxInline = 12;

    public static ReadOnlySpan<byte> At(ReadOnlySpan<byte> views, int index) => views.Slice(index * Size, Size);

    public static int Length(ReadOnlySpan<byte> view) => BinaryPrimitives.ReadInt32LittleEndian(view);

    /// <summary>The number of the data buffer of a value that is not inline.</summary>
    public static int Buffer(ReadOnlySpan<byte> view) => BinaryPrimitives.ReadInt32LittleEndian(view[8..]);

    /// <summary>The bytes of a value that is not inline and that <see cref="Find"/> has found.</summary>
    public static ReadOnlySpan<byte> Long(ArrowArray array, ReadOnlySpan<byte> view) =>
        array.Buffers[2 + Buffer(view)].Span.Slice(Offset(view), Length(view));

    /// <summary>Finds a view's bytes; gives the rule by which it points outside of its data, or null.</summary>
    public static string? Find(ArrowArray array, ReadOnlySpan<byte> view, out ReadOnlySpan<byte> value)
    {
        value = default;
        int length = Length(view);
        if (length < 0) return "a view's length is negative";
        if (length <= MaxInline)
        {
            value = view.Slice(4, length);
            return null;
        }

        int buffer = Buffer(view), offset = Offset(view);
        if (buffer < 0 || buffer >= array.Buffers.Length - 2) return "a view points at a buffer that is not there";
        ReadOnlySpan<byte> data = array.Buffers[2 + buffer].Span;
        if (offset < 0 || offset > data.Length - length) return "a view points outside its buffer";
        value = data.Slice(offset, length);
        return null;
    }

    /// <summary>As <see cref="Find"/>, and the bytes that the view repeats must be the value's first.</summary>
    public static string? FindWhole(ArrowArray array, ReadOnlySpan<byte> view, out ReadOnlySpan<byte> value)
    {
        if (Find(array, view, out value) is { } flaw) return flaw;
        return value.Length <= MaxInline || value[..4].SequenceEqual(view.Slice(4, 4))
            ? null
            : "a view's prefix differs from its bytes";
    }

    private static int Offset(ReadOnlySpan<byte> view) => BinaryPrimitives.ReadInt32LittleEndian(view[12..]);
}
