using System.Numerics;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>n + 1 offsets of gathered slots; a slot that is not valid is empty.</summary>
/// <param name="source">The source's offsets.</param>
/// <param name="offset">Slots of the source before the array's first.</param>
/// <param name="rows">The slots.</param>
/// <param name="valid">Their validity.</param>
internal sealed class OffsetsBuffer<T>(ReadOnlyMemory<byte> source, int offset, Rows rows, byte[]? valid)
    : BodyBuffer(((long)rows.Count + 1) * Memory.SizeOf.Type<T>()) where T : unmanaged, IBinaryInteger<T>
{
    private static readonly int s_width = Memory.SizeOf.Type<T>();

    public override void Write(ref BlockSink sink)
    {
        ReadOnlySpan<T> offsets = MemoryMarshal.Cast<byte, T>(source.Span);
        T running = T.Zero;
        Span<T> span = GetSpan(ref sink);
        span[0] = running;
        int used = 1, slot = 0;
        for (int i = 0; i < rows.RunCount && slot < rows.Count; i++)
        {
            Run run = rows[i];
            for (int done = 0; done < run.Length;)
            {
                if (used == span.Length)
                {
                    sink.Advance(used * s_width);
                    span = GetSpan(ref sink);
                    used = 0;
                }

                Span<T> target = span.Slice(used, Math.Min(span.Length - used, run.Length - done));
                if (run.Start < 0)
                {
                    target.Fill(running);
                }
                else
                {
                    ReadOnlySpan<T> window = offsets.Slice(offset + run.Start + done, target.Length + 1);
                    running = AddUp(window, slot, running, target);
                }

                done += target.Length;
                slot += target.Length;
                used += target.Length;
            }
        }

        sink.Advance(used * s_width);
    }

    private T AddUp(ReadOnlySpan<T> window, int slot, T running, Span<T> target)
    {
        if (valid is null)
        {
            OffsetRule.Shift(window[1..], running - window[0], target);
            return target[^1];
        }

        ReadOnlySpan<byte> bits = valid;
        T start = window[0];
        window = window.Slice(1, target.Length);
        for (int i = 0; i < window.Length && i < target.Length; i++, slot++)
        {
            T end = window[i];
            T isValid = T.CreateTruncating(bits[slot >> 3] >> (slot & 7) & 1);
            running += (end - start) & -isValid;
            target[i] = running;
            start = end;
        }

        return running;
    }

    private static Span<T> GetSpan(ref BlockSink sink)
    {
        Span<T> span = MemoryMarshal.Cast<byte, T>(sink.GetSpan(s_width));
        return span[..Math.Min(span.Length, BlockSink.Piece / s_width)];
    }
}
