using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

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
