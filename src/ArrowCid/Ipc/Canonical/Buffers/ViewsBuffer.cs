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
            Span<byte> target = sink.GetSpan(ByteView.Size)[..ByteView.Size];
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
