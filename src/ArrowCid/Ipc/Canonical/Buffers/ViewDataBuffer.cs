using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>The single data buffer that the views refer to.</summary>
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
