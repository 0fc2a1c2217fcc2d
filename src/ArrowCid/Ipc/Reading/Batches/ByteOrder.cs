using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

internal static class ByteOrder
{
    /// <summary>How the buffer of that index turns, for a type in its layout.</summary>
    public static Swap Of(ArrowType type, BufferLayout layout, int buffer) => (layout, buffer) switch
    {
        (BufferLayout.Fixed or BufferLayout.Dictionary, 1) => Values(type),
        (BufferLayout.Bytes32 or BufferLayout.List32 or BufferLayout.DenseUnion, 1) => Swap.By4,
        (BufferLayout.Bytes64 or BufferLayout.List64, 1) => Swap.By8,
        (BufferLayout.ListView32, 1 or 2) => Swap.By4,
        (BufferLayout.ListView64, 1 or 2) => Swap.By8,
        (BufferLayout.ByteViews, 1) => Swap.Views,
        _ => Swap.None,
    };

    /// <summary>A copy in the other byte order. Bytes past the last whole number are copied as they are.</summary>
    public static byte[] Swapped(ReadOnlySpan<byte> source, Swap swap)
    {
        byte[] made = GC.AllocateUninitializedArray<byte>(source.Length);
        Span<byte> target = made;
        source.CopyTo(target);
        switch (swap)
        {
            case Swap.By2: Reverse(MemoryMarshal.Cast<byte, ushort>(target)); break;
            case Swap.By4: Reverse(MemoryMarshal.Cast<byte, uint>(target)); break;
            case Swap.By8: Reverse(MemoryMarshal.Cast<byte, ulong>(target)); break;
            case Swap.By16: ReverseEach(target, 16); break;
            case Swap.By32: ReverseEach(target, 32); break;
            case Swap.MonthDayNano: MonthDayNanos(target); break;
            case Swap.Views: Views(target); break;
            default: break;
        }

        return made;
    }

    private static Swap Values(ArrowType type) => type.Id switch
    {
        ArrowTypeId.FixedSizeBinary => Swap.None,
        ArrowTypeId.IntervalDayTime => Swap.By4,
        ArrowTypeId.IntervalMonthDayNano => Swap.MonthDayNano,
        _ => type.ByteWidth() switch
        {
            2 => Swap.By2,
            4 => Swap.By4,
            8 => Swap.By8,
            16 => Swap.By16,
            32 => Swap.By32,
            _ => Swap.None,
        },
    };

    private static void Reverse(Span<ushort> values) => BinaryPrimitives.ReverseEndianness(values, values);

    private static void Reverse(Span<uint> values) => BinaryPrimitives.ReverseEndianness(values, values);

    private static void Reverse(Span<ulong> values) => BinaryPrimitives.ReverseEndianness(values, values);

    private static void ReverseEach(Span<byte> values, int width)
    {
        for (; values.Length >= width; values = values[width..]) values[..width].Reverse();
    }

    private static void MonthDayNanos(Span<byte> values)
    {
        for (; values.Length >= 16; values = values[16..])
        {
            values[..4].Reverse();
            values[4..8].Reverse();
            values[8..16].Reverse();
        }
    }

    private static void Views(Span<byte> views)
    {
        const uint LongestInline = 12;
        for (; views.Length >= 16; views = views[16..])
        {
            views[..4].Reverse();
            if (BinaryPrimitives.ReadUInt32LittleEndian(views) <= LongestInline) continue;
            views[8..12].Reverse();
            views[12..16].Reverse();
        }
    }
}
