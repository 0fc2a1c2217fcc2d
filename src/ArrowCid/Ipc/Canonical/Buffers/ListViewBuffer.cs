using System.Numerics;
using System.Runtime.InteropServices;

namespace ArrowCid.Ipc;

/// <summary>The offsets or sizes of list views; a slot that is not valid has size 0.</summary>
/// <param name="sizes">The source's sizes.</param>
/// <param name="offset">Slots of the source before the array's first.</param>
/// <param name="rows">The slots.</param>
/// <param name="valid">Their validity.</param>
/// <param name="addsUp">True for offsets: the sizes before the slot, added up. False for the sizes.</param>
internal sealed class ListViewBuffer<T>(ReadOnlyMemory<byte> sizes, int offset, Rows rows, byte[]? valid, bool addsUp)
    : BodyBuffer((long)rows.Count * Memory.SizeOf.Type<T>()) where T : unmanaged, IBinaryInteger<T>
{
    public override void Write(ref BlockSink sink)
    {
        ReadOnlySpan<T> values = MemoryMarshal.Cast<byte, T>(sizes.Span);
        int width = Memory.SizeOf.Type<T>();
        T running = T.Zero;
        var walk = new SlotWalk(rows, valid);
        bool more = walk.Next();
        while (more)
        {
            Span<T> span = MemoryMarshal.Cast<byte, T>(sink.GetSpan(width));
            int limit = Math.Min(span.Length, BlockSink.Piece / width), count = 0;
            for (; more && count < limit; more = walk.Next())
            {
                T size = walk.Source < 0 ? T.Zero : values[offset + walk.Source];
                span[count++] = addsUp ? running : size;
                running += size;
            }

            sink.Advance(count * width);
        }
    }
}
