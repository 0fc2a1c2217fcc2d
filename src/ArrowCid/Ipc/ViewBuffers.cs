using System.Buffers.Binary;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>
/// The 16-byte views of a canonical block: short values inline, longer ones in one data buffer in row order.
/// </summary>
internal sealed class ViewsBuffer(ArrowArray array, Rows rows, byte[]? valid)
    : BodyBuffer((long)rows.Count * ByteView.Size)
{
    public override void Write(ref BlockSink sink)
    {
        ReadOnlySpan<byte> views = array.Buffers[1].Span;
        int running = 0;
        var walk = new SlotWalk(rows, valid);
        while (walk.Next())
        {
            Span<byte> target = sink.Room(ByteView.Size)[..ByteView.Size];
            target.Clear();
            if (walk.Source >= 0)
            {
                ReadOnlySpan<byte> view = ByteView.At(views, array.Offset + walk.Source);
                int length = ByteView.Length(view);
                view[..(4 + Math.Min(length, ByteView.MaxInline))].CopyTo(target);
                if (length > ByteView.MaxInline)
                {
                    target[8..].Clear();
                    BinaryPrimitives.WriteInt32LittleEndian(target[12..], running);
                    running += length;
                }
            }

            sink.Advance(ByteView.Size);
        }
    }
}

/// <summary>The one data buffer behind the views.</summary>
internal sealed class ViewDataBuffer(ArrowArray array, Rows rows, byte[]? valid, long length) : BodyBuffer(length)
{
    public override void Write(ref BlockSink sink)
    {
        ReadOnlySpan<byte> views = array.Buffers[1].Span;
        var walk = new SlotWalk(rows, valid);
        while (walk.Next())
        {
            if (walk.Source < 0) continue;
            ReadOnlySpan<byte> view = ByteView.At(views, array.Offset + walk.Source);
            if (ByteView.Length(view) > ByteView.MaxInline) sink.Put(ByteView.Long(array, view));
        }
    }
}

/// <summary>One view: int32 length, then the value itself, or 4 bytes of it, a buffer's number and an offset.</summary>
internal static class ByteView
{
    public const int Size = 16;
    public const int MaxInline = 12;

    public static ReadOnlySpan<byte> At(ReadOnlySpan<byte> views, int index) => views.Slice(index * Size, Size);

    public static int Length(ReadOnlySpan<byte> view) => BinaryPrimitives.ReadInt32LittleEndian(view);

    /// <summary>The bytes of a value that <see cref="Flaw"/> found nothing wrong with.</summary>
    public static ReadOnlySpan<byte> Value(ArrowArray array, ReadOnlySpan<byte> view) =>
        Length(view) <= MaxInline ? view.Slice(4, Length(view)) : Long(array, view);

    public static ReadOnlySpan<byte> Long(ArrowArray array, ReadOnlySpan<byte> view) =>
        array.Buffers[2 + BinaryPrimitives.ReadInt32LittleEndian(view[8..])].Span
            .Slice(BinaryPrimitives.ReadInt32LittleEndian(view[12..]), Length(view));

    /// <summary>The rule that a view breaks, or null.</summary>
    public static string? Flaw(ArrowArray array, ReadOnlySpan<byte> view)
    {
        int length = Length(view);
        if (length < 0) return "a view's length is negative";
        if (length <= MaxInline) return null;
        int buffer = BinaryPrimitives.ReadInt32LittleEndian(view[8..]);
        int offset = BinaryPrimitives.ReadInt32LittleEndian(view[12..]);
        if (buffer < 0 || buffer >= array.Buffers.Length - 2) return "a view points at a buffer that is not there";
        ReadOnlyMemory<byte> data = array.Buffers[2 + buffer];
        if (offset < 0 || offset > data.Length - length) return "a view points outside its buffer";
        return data.Span.Slice(offset, 4).SequenceEqual(view.Slice(4, 4))
            ? null
            : "a view's prefix differs from its bytes";
    }
}
