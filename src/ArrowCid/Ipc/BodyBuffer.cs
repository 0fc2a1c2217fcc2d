using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
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
            Span<byte> room = sink.GetSpan(width);
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

            if (valid is not null) SlotMask.ClearInvalid(target, valid, slot, count, width);
            if (isFloat) FloatBits.QuietNaNs(target, width);
            sink.Advance(target.Length);
            slot += count;
        }
    }

}

/// <summary>Zeroes slots whose bits are zero, eight at a time.</summary>
internal static class SlotMask
{
    private static readonly Vector256<int> s_bits32 = Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128);
    private static readonly Vector256<long> s_low64 = Vector256.Create(1L, 2, 4, 8);
    private static readonly Vector256<long> s_high64 = Vector256.Create(16L, 32, 64, 128);

    /// <summary>Zeroes the slots of a piece whose bits are zero.</summary>
    /// <param name="target">The slots.</param>
    /// <param name="bits">The bits of all slots.</param>
    /// <param name="slot">The position of the piece's first slot.</param>
    /// <param name="count">The number of slots in the piece.</param>
    /// <param name="width">Bytes per slot.</param>
    public static void ClearInvalid(Span<byte> target, ReadOnlySpan<byte> bits, int slot, int count, int width)
    {
        if (width == 0) return;
        int head = Math.Min(-slot & 7, count), whole = count - head >> 3;
        for (int i = 0; i < head; i++) ClearUnless(target, bits, slot, i, width);
        Apply(target.Slice(head * width, whole * 8 * width), bits.Slice(slot + head >> 3, whole), width);
        for (int i = head + whole * 8; i < count; i++) ClearUnless(target, bits, slot, i, width);
    }

    private static void ClearUnless(Span<byte> target, ReadOnlySpan<byte> bits, int slot, int i, int width)
    {
        if (!Bits.Get(bits, slot + i)) target.Slice(i * width, width).Clear();
    }

    public static void Apply(Span<byte> slots, ReadOnlySpan<byte> bits, int width)
    {
        if (width == 4) Apply32(MemoryMarshal.Cast<byte, int>(slots), bits);
        else if (width == 8) Apply64(MemoryMarshal.Cast<byte, long>(slots), bits);
        else ApplyAny(slots, bits, width);
    }

    private static void Apply32(Span<int> values, ReadOnlySpan<byte> bits)
    {
        foreach (byte eight in bits)
        {
            Vector256<int> kept = Vector256.Equals(Vector256.Create((int)eight) & s_bits32, s_bits32);
            (Vector256.Create<int>(values) & kept).CopyTo(values);
            values = values[8..];
        }
    }

    private static void Apply64(Span<long> values, ReadOnlySpan<byte> bits)
    {
        foreach (byte eight in bits)
        {
            Vector256<long> set = Vector256.Create((long)eight);
            Span<long> high = values[4..];
            (Vector256.Create<long>(values) & Vector256.Equals(set & s_low64, s_low64)).CopyTo(values);
            (Vector256.Create<long>(high) & Vector256.Equals(set & s_high64, s_high64)).CopyTo(high);
            values = high[4..];
        }
    }

    private static void ApplyAny(Span<byte> slots, ReadOnlySpan<byte> bits, int width)
    {
        foreach (byte eight in bits)
        {
            for (int zeros = (byte)~eight; zeros != 0; zeros &= zeros - 1)
                slots.Slice(BitOperations.TrailingZeroCount(zeros) * width, width).Clear();
            slots = slots[(8 * width)..];
        }
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
            Span<T> room = MemoryMarshal.Cast<byte, T>(sink.GetSpan(width));
            int count = Math.Min(Math.Min(room.Length, BlockSink.Piece / width), offsets.Length);
            OffsetRule.Shift(offsets[..count], T.Zero - first, room);
            sink.Advance(count * width);
            offsets = offsets[count..];
        }
    }
}

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
        Span<T> room = Room(ref sink);
        room[0] = running;
        int used = 1, slot = 0;
        for (int i = 0; i < rows.RunCount && slot < rows.Count; i++)
        {
            Run run = rows[i];
            for (int done = 0; done < run.Length;)
            {
                if (used == room.Length)
                {
                    sink.Advance(used * s_width);
                    room = Room(ref sink);
                    used = 0;
                }

                Span<T> target = room.Slice(used, Math.Min(room.Length - used, run.Length - done));
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

    private static Span<T> Room(ref BlockSink sink)
    {
        Span<T> room = MemoryMarshal.Cast<byte, T>(sink.GetSpan(s_width));
        return room[..Math.Min(room.Length, BlockSink.Piece / s_width)];
    }
}

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
            Span<T> room = MemoryMarshal.Cast<byte, T>(sink.GetSpan(width));
            int limit = Math.Min(room.Length, BlockSink.Piece / width), count = 0;
            for (; more && count < limit; more = walk.Next())
            {
                T size = walk.Source < 0 ? T.Zero : values[offset + walk.Source];
                room[count++] = addsUp ? running : size;
                running += size;
            }

            sink.Advance(count * width);
        }
    }
}

/// <summary>Floats' bits.</summary>
internal static class FloatBits
{
    /// <summary>Turns every NaN into the quiet one: 7E00, 7FC00000 or 7FF8000000000000.</summary>
    public static void QuietNaNs(Span<byte> values, int width)
    {
        if (width == 8)
            Quiet(MemoryMarshal.Cast<byte, double>(values), BitConverter.UInt64BitsToDouble(0x7FF8000000000000));
        else if (width == 4)
            Quiet(MemoryMarshal.Cast<byte, float>(values), BitConverter.UInt32BitsToSingle(0x7FC00000));
        else
            QuietHalves(MemoryMarshal.Cast<byte, ushort>(values));
    }

    private static void Quiet<T>(Span<T> values, T quiet) where T : unmanaged, IFloatingPointIeee754<T>
    {
        Span<Vector<T>> vectors = MemoryMarshal.Cast<T, Vector<T>>(values);
        int i = 0;
        // NaNs are rare: many values are looked at together.
        for (; i + 3 < vectors.Length; i += 4)
        {
            Vector<T> a = vectors[i], b = vectors[i + 1], c = vectors[i + 2], d = vectors[i + 3];
            Vector<byte> numbers = Vector.AsVectorByte(Numbers(a) & Numbers(b) & Numbers(c) & Numbers(d));
            if (Vector.EqualsAll(numbers, Vector<byte>.AllBitsSet)) continue;
            foreach (ref Vector<T> some in vectors.Slice(i, 4))
                some = Vector.ConditionalSelect(Numbers(some), some, new Vector<T>(quiet));
        }

        for (i *= Vector<T>.Count; i < values.Length; i++)
        {
            if (T.IsNaN(values[i])) values[i] = quiet;
        }

        static Vector<T> Numbers(Vector<T> some) => Vector.Equals(some, some);
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

    /// <summary>Whether the text of each slot is UTF-8, where the offsets run forward within the bytes.</summary>
    public static bool AreValid<T>(ReadOnlySpan<T> offsets, ReadOnlySpan<byte> bytes)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (int i = 0; i + 1 < offsets.Length; i++)
        {
            if (!IsValid(bytes[int.CreateTruncating(offsets[i])..int.CreateTruncating(offsets[i + 1])])) return false;
        }

        return true;
    }
}
