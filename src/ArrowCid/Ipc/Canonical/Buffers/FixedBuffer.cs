namespace ArrowCid.Ipc;

/// <summary>Fixed-width slots: gathered, zeroed where they are not valid, and with one NaN.</summary>
internal sealed class FixedBuffer(
    ReadOnlyMemory<byte> source, int offset, int width, Rows rows, byte[]? valid, bool isFloat)
    : BodyBuffer((long)rows.Count * width)
{
    public override void Write(ref BlockSink sink)
    {
        ReadOnlySpan<byte> bytes = source.Span;
        int slot = 0, run = 0, inRun = 0;
        while (slot < rows.Count)
        {
            Span<byte> span = sink.GetSpan(width);
            int count = Math.Min(rows.Count - slot, Math.Max(1, Math.Min(span.Length, BlockSink.Piece) / width));
            Span<byte> target = span[..(count * width)];
            for (int filled = 0; filled < count;)
            {
                Run from = rows[run];
                int take = Math.Min(count - filled, from.Length - inRun);
                Span<byte> part = target.Slice(filled * width, take * width);
                if (from.Start < 0) part.Clear();
                else bytes.Slice((offset + from.Start + inRun) * width, take * width).CopyTo(part);
                filled += take;
                inRun += take;
                if (inRun == from.Length) (run, inRun) = (run + 1, 0);
            }

            if (valid is not null) SlotMask.ClearInvalid(target, valid, slot, count, width);
            if (isFloat) FloatBits.QuietNaNs(target, width);
            sink.Advance(target.Length);
            slot += count;
        }
    }

}
