using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>One buffer of a message's body: its exact length is known before its bytes are made.</summary>
internal abstract class BodyBuffer(long length)
{
    public static BodyBuffer Empty { get; } = new ReadyBuffer([], 0);

    public long Length { get; } = length;

    /// <summary>Puts exactly <see cref="Length"/> bytes.</summary>
    public abstract void Write(ref BlockSink sink);
}

/// <summary>Bytes that were made while planning.</summary>
internal sealed class ReadyBuffer(byte[] bytes, int length) : BodyBuffer(length)
{
    public override void Write(ref BlockSink sink) => sink.Put(bytes.AsSpan(0, (int)Length));
}

/// <summary>Source bytes that are canonical as they lie.</summary>
internal sealed class CopyBuffer(ReadOnlyMemory<byte> source) : BodyBuffer(source.Length)
{
    public override void Write(ref BlockSink sink) => sink.Put(source.Span);
}

/// <summary>UTF-8 of slots that follow each other; judged while it is copied.</summary>
/// <param name="source">The slots' bytes.</param>
/// <param name="judge">Judges slot by slot, and throws; called only where the bytes are not all ASCII.</param>
internal sealed class TextBuffer(ReadOnlyMemory<byte> source, Action judge) : BodyBuffer(source.Length)
{
    public override void Write(ref BlockSink sink)
    {
        ReadOnlySpan<byte> rest = source.Span;
        bool isAscii = true;
        while (!rest.IsEmpty)
        {
            ReadOnlySpan<byte> piece = rest[..Math.Min(rest.Length, BlockSink.Piece)];
            isAscii = isAscii && Ascii.IsValid(piece);
            sink.Put(piece);
            rest = rest[piece.Length..];
        }

        if (!isAscii) judge();
    }
}

/// <summary>Fixed-width slots: gathered, zeroed where they are not valid, and with one NaN.</summary>
internal sealed class FixedBuffer(ReadOnlyMemory<byte> source, int offset, int width, Rows rows, byte[]? valid, bool isFloat)
    : BodyBuffer((long)rows.Count * width)
{
    public override void Write(ref BlockSink sink)
    {
        ReadOnlySpan<byte> bytes = source.Span;
        int slot = 0, run = 0, inRun = 0;
        while (slot < rows.Count)
        {
            Span<byte> room = sink.Room(width);
            int count = Math.Min(rows.Count - slot, Math.Max(1, Math.Min(room.Length, BlockSink.Piece) / width));
            Span<byte> target = room[..(count * width)];
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

            if (valid is not null) ClearInvalid(target, valid, slot, count);
            if (isFloat) FloatBits.QuietNaNs(target, width);
            sink.Advance(target.Length);
            slot += count;
        }
    }

    private void ClearInvalid(Span<byte> target, byte[] bits, int slot, int count)
    {
        for (int i = 0; i < count;)
        {
            if ((slot + i & 7) == 0 && count - i >= 8)
            {
                byte eight = bits[slot + i >> 3];
                if (eight == 0) target.Slice(i * width, 8 * width).Clear();
                else if (eight != 0xFF) ClearOfEight(target.Slice(i * width, 8 * width), eight);
                i += 8;
            }
            else
            {
                if (!Bits.Get(bits, slot + i)) target.Slice(i * width, width).Clear();
                i++;
            }
        }
    }

    private void ClearOfEight(Span<byte> target, byte eight)
    {
        for (int zeros = (byte)~eight; zeros != 0; zeros &= zeros - 1)
            target.Slice(BitOperations.TrailingZeroCount(zeros) * width, width).Clear();
    }
}

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
            Span<T> room = MemoryMarshal.Cast<byte, T>(sink.Room(width));
            int count = Math.Min(Math.Min(room.Length, BlockSink.Piece / width), offsets.Length);
            int i = 0;
            for (; i + Vector<T>.Count <= count; i += Vector<T>.Count)
                (new Vector<T>(offsets[i..]) - new Vector<T>(first)).CopyTo(room[i..]);
            for (; i < count; i++) room[i] = offsets[i] - first;
            sink.Advance(count * width);
            offsets = offsets[count..];
        }
    }
}

/// <summary>What is written of each slot's size.</summary>
internal enum SizeForm
{
    /// <summary>A zero, then the sizes added up: n + 1 offsets.</summary>
    EndOffsets,
    /// <summary>The sizes before the slot added up: n offsets.</summary>
    StartOffsets,
    /// <summary>The sizes themselves.</summary>
    Sizes,
}

/// <summary>Offsets or sizes of gathered slots; a slot that is not valid has size 0.</summary>
/// <param name="source">n + 1 offsets, or n sizes where <paramref name="areSizes"/>.</param>
/// <param name="areSizes">What the source holds.</param>
/// <param name="offset">Slots of the source before the array's first.</param>
/// <param name="rows">The slots.</param>
/// <param name="valid">Their validity.</param>
/// <param name="form">What to write.</param>
internal sealed class SizesBuffer<T>(ReadOnlyMemory<byte> source, bool areSizes, int offset, Rows rows, byte[]? valid,
    SizeForm form) : BodyBuffer(((long)rows.Count + (form == SizeForm.EndOffsets ? 1 : 0)) * Memory.SizeOf.Type<T>())
    where T : unmanaged, IBinaryInteger<T>
{
    public override void Write(ref BlockSink sink)
    {
        ReadOnlySpan<T> values = MemoryMarshal.Cast<byte, T>(source.Span);
        int width = Memory.SizeOf.Type<T>();
        T running = T.Zero;
        if (form == SizeForm.EndOffsets) Put(ref sink, running);
        var walk = new SlotWalk(rows, valid);
        bool more = walk.Next();
        while (more)
        {
            Span<T> room = MemoryMarshal.Cast<byte, T>(sink.Room(width));
            int limit = Math.Min(room.Length, BlockSink.Piece / width), count = 0;
            for (; more && count < limit; more = walk.Next())
            {
                int at = offset + walk.Source;
                T size = walk.Source < 0 ? T.Zero : areSizes ? values[at] : values[at + 1] - values[at];
                if (form == SizeForm.StartOffsets) room[count++] = running;
                running += size;
                if (form != SizeForm.StartOffsets) room[count++] = form == SizeForm.Sizes ? size : running;
            }

            sink.Advance(count * width);
        }
    }

    private static void Put(ref BlockSink sink, T value) => sink.Put(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));
}

/// <summary>Floats' bits.</summary>
internal static class FloatBits
{
    /// <summary>Turns every NaN into the quiet one: 7E00, 7FC00000 or 7FF8000000000000.</summary>
    public static void QuietNaNs(Span<byte> values, int width)
    {
        if (width == 8) Quiet(MemoryMarshal.Cast<byte, double>(values), BitConverter.UInt64BitsToDouble(0x7FF8000000000000));
        else if (width == 4) Quiet(MemoryMarshal.Cast<byte, float>(values), BitConverter.UInt32BitsToSingle(0x7FC00000));
        else QuietHalves(MemoryMarshal.Cast<byte, ushort>(values));
    }

    private static void Quiet<T>(Span<T> values, T quiet) where T : unmanaged, IFloatingPointIeee754<T>
    {
        int i = 0;
        for (; i + Vector<T>.Count <= values.Length; i += Vector<T>.Count)
        {
            var some = new Vector<T>(values[i..]);
            Vector<T> same = Vector.Equals(some, some);
            if (Vector.EqualsAll(some, some)) continue;
            Vector.ConditionalSelect(same, some, new Vector<T>(quiet)).CopyTo(values[i..]);
        }

        for (; i < values.Length; i++)
        {
            if (T.IsNaN(values[i])) values[i] = quiet;
        }
    }

    private static void QuietHalves(Span<ushort> values)
    {
        foreach (ref ushort value in values)
        {
            if ((value & 0x7FFF) > 0x7C00) value = 0x7E00;
        }
    }
}

/// <summary>Slot-by-slot judgement of text.</summary>
internal static class TextRule
{
    public const string Rule = "text is not UTF-8";

    public static bool IsValid(ReadOnlySpan<byte> bytes) => Ascii.IsValid(bytes) || Utf8.IsValid(bytes);
}
