using System.Numerics;
using System.Runtime.InteropServices;

namespace ArrowCid.Ipc;

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
