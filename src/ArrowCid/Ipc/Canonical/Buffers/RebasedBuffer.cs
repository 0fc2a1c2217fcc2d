using System.Numerics;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>Offsets that only have to start at 0.</summary>
internal sealed class RebasedBuffer<T>(ReadOnlyMemory<byte> source) : BodyBuffer(source.Length)
    where T : unmanaged, IBinaryInteger<T>
{
    public override void Write(ref BlockSink sink)
    {
        ReadOnlySpan<T> offsets = MemoryMarshal.Cast<byte, T>(source.Span);
        T first = offsets[0];
        int width = Memory.SizeOf.Type<T>();
        while (!offsets.IsEmpty)
        {
            Span<T> span = MemoryMarshal.Cast<byte, T>(sink.GetSpan(width));
            int count = Math.Min(Math.Min(span.Length, BlockSink.Piece / width), offsets.Length);
            OffsetRule.Shift(offsets[..count], T.Zero - first, span);
            sink.Advance(count * width);
            offsets = offsets[count..];
        }
    }
}
