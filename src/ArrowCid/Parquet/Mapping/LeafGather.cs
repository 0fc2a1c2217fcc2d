using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>Takes a leaf's values out of an Arrow array into Parquet's physical form.</summary>
internal static class LeafGather
{
    private const int MillisecondsOfDay = 86_400_000;

    /// <summary>The values of some slots.</summary>
    /// <param name="array">An array of canonical form that is neither nested nor encoded.</param>
    /// <param name="slots">The slots, none of them null; empty with <paramref name="isAll"/> for every slot.</param>
    /// <param name="isAll">Whether every slot of the array is meant, none of them null.</param>
    /// <param name="form">The form.</param>
    public static LeafValues Gather(ArrowArray array, ReadOnlySpan<int> slots, bool isAll, LeafForm form)
    {
        int count = isAll ? array.Length : slots.Length;
        switch (form.Conversion)
        {
            case Conversion.None:
                return new LeafValues(0, form.Width);
            case Conversion.Nothing:
                return new LeafValues(count, 0) { Offsets = new byte[(count + 1) * sizeof(int)] };
            case Conversion.Presence:
                byte[] ones = new byte[Bits.ByteCount(count)];
                Bits.Fill(ones, 0, count);
                return new LeafValues(count, 0) { Data = ones };
            case Conversion.Boolean:
                return new LeafValues(count, 0) { Data = GatherBits(array, slots, isAll) };
            case Conversion.Bytes:
                return GatherBytes(array, slots, isAll, count);
            default:
                return GatherFixed(array, slots, isAll, count, form);
        }
    }

    private static ReadOnlyMemory<byte> GatherBits(ArrowArray array, ReadOnlySpan<int> slots, bool isAll)
    {
        ReadOnlySpan<byte> source = array.Length == 0 ? default : array.Buffers[1].Span;
        byte[] target = new byte[Bits.ByteCount(isAll ? array.Length : slots.Length)];
        if (isAll)
        {
            Bits.Copy(source, array.Offset, target, 0, array.Length);
            return target;
        }

        for (int i = 0; i < slots.Length; i++)
        {
            if (Bits.Get(source, array.Offset + slots[i])) Bits.Set(target, i);
        }

        return target;
    }

    private static LeafValues GatherFixed(ArrowArray array, ReadOnlySpan<int> slots, bool isAll, int count,
        LeafForm form)
    {
        int from = array.Type.ByteWidth(), width = form.Width;
        ReadOnlyMemory<byte> source = array.Length == 0
            ? default
            : array.Buffers[1].Slice(array.Offset * from, array.Length * from);
        if (!isAll) source = Compact(source.Span, slots, from);
        if (form.Conversion != Conversion.Same) source = Convert(source.Span, count, array.Type, form);
        return new LeafValues(count, width) { Data = source };
    }

    private static byte[] Compact(ReadOnlySpan<byte> source, ReadOnlySpan<int> slots, int width)
    {
        byte[] target = GC.AllocateUninitializedArray<byte>(slots.Length * width);
        switch (width)
        {
            case 4:
                Compact(MemoryMarshal.Cast<byte, int>(source), slots, MemoryMarshal.Cast<byte, int>(target.AsSpan()));
                break;
            case 8:
                Compact(MemoryMarshal.Cast<byte, long>(source), slots, MemoryMarshal.Cast<byte, long>(target.AsSpan()));
                break;
            default:
                for (int i = 0; i < slots.Length; i++)
                    source.Slice(slots[i] * width, width).CopyTo(target.AsSpan(i * width));
                break;
        }

        return target;
    }

    private static void Compact<T>(ReadOnlySpan<T> source, ReadOnlySpan<int> slots, Span<T> target)
    {
        for (int i = 0; i < slots.Length; i++) target[i] = source[slots[i]];
    }

    private static byte[] Convert(ReadOnlySpan<byte> source, int count, ArrowType type, LeafForm form)
    {
        byte[] target = new byte[count * form.Width];
        switch (form.Conversion)
        {
            case Conversion.Narrow:
                Widen(source, type.Id, MemoryMarshal.Cast<byte, int>(target.AsSpan()));
                break;
            case Conversion.Seconds when form.Width == 8:
                ReadOnlySpan<long> instants = MemoryMarshal.Cast<byte, long>(source);
                Span<long> longs = MemoryMarshal.Cast<byte, long>(target.AsSpan());
                for (int i = 0; i < count; i++) longs[i] = instants[i] * 1000;
                break;
            case Conversion.Seconds:
                ReadOnlySpan<int> seconds = MemoryMarshal.Cast<byte, int>(source);
                Span<int> ints = MemoryMarshal.Cast<byte, int>(target.AsSpan());
                for (int i = 0; i < count; i++) ints[i] = seconds[i] * 1000;
                break;
            case Conversion.Days:
                ReadOnlySpan<long> dates = MemoryMarshal.Cast<byte, long>(source);
                Span<int> days = MemoryMarshal.Cast<byte, int>(target.AsSpan());
                for (int i = 0; i < count; i++) days[i] = (int)(dates[i] / MillisecondsOfDay);
                break;
            default:
                int from = type.ByteWidth(), to = form.Width;
                for (int i = 0; i < count; i++)
                    Reverse(source.Slice(i * from, from), target.AsSpan(i * to, to));
                break;
        }

        return target;
    }

    private static void Widen(ReadOnlySpan<byte> source, ArrowTypeId type, Span<int> target)
    {
        switch (type)
        {
            case ArrowTypeId.Int8:
                for (int i = 0; i < target.Length; i++) target[i] = (sbyte)source[i];
                break;
            case ArrowTypeId.UInt8:
                for (int i = 0; i < target.Length; i++) target[i] = source[i];
                break;
            case ArrowTypeId.Int16:
                ReadOnlySpan<short> shorts = MemoryMarshal.Cast<byte, short>(source);
                for (int i = 0; i < target.Length; i++) target[i] = shorts[i];
                break;
            default:
                ReadOnlySpan<ushort> words = MemoryMarshal.Cast<byte, ushort>(source);
                for (int i = 0; i < target.Length; i++) target[i] = words[i];
                break;
        }
    }

    /// <summary>Little-endian to big-endian of another length, which holds the number.</summary>
    private static void Reverse(ReadOnlySpan<byte> source, Span<byte> target)
    {
        byte sign = (byte)((sbyte)source[^1] >> 7);
        for (int i = 0; i < target.Length; i++) target[^(i + 1)] = i < source.Length ? source[i] : sign;
    }

    private static LeafValues GatherBytes(ArrowArray array, ReadOnlySpan<int> slots, bool isAll, int count)
    {
        if (array.Layout == BufferLayout.Bytes32 && isAll && array.Offset == 0 && count > 0)
        {
            return new LeafValues(count, 0)
            {
                Offsets = array.Buffers[1][..((count + 1) * sizeof(int))],
                Data = array.Buffers[2],
            };
        }

        byte[] offsets = new byte[(count + 1) * sizeof(int)];
        Span<int> ends = MemoryMarshal.Cast<byte, int>(offsets.AsSpan());
        if (array.Layout == BufferLayout.Bytes32 && !isAll && LieInARow(array, slots, ends))
            return new LeafValues(count, 0) { Offsets = offsets, Data = array.Buffers[2] };

        long total = 0;
        for (int i = 0; i < count; i++)
        {
            total += LengthAt(array, isAll ? i : slots[i]);
            if (total > Array.MaxLength) throw ParquetFault.TooLarge($"a column holds over 2^31 - 57 bytes; split it");
            ends[i + 1] = (int)total;
        }

        byte[] data = GC.AllocateUninitializedArray<byte>((int)total);
        for (int i = 0; i < count; i++)
            array.GetBytes(isAll ? i : slots[i]).CopyTo(data.AsSpan(ends[i]));
        return new LeafValues(count, 0) { Offsets = offsets, Data = data };
    }

    /// <summary>Whether the slots' bytes follow one another from the first byte on, as they do between nulls without
    /// bytes, so that they need no copy; with their ends.</summary>
    private static bool LieInARow(ArrowArray array, ReadOnlySpan<int> slots, Span<int> ends)
    {
        if (slots.IsEmpty) return false;
        ReadOnlySpan<int> offsets = MemoryMarshal.Cast<byte, int>(array.Buffers[1].Span)[array.Offset..];
        int end = 0;
        for (int i = 0; i < slots.Length; i++)
        {
            int slot = slots[i], next = offsets[slot + 1];
            if (offsets[slot] != end || next < end) return false;
            ends[i + 1] = end = next;
        }

        return end <= array.Buffers[2].Length;
    }

    private static long LengthAt(ArrowArray array, int slot) => array.Layout == BufferLayout.ByteViews
        ? BinaryPrimitives.ReadInt32LittleEndian(array.Buffers[1].Span[((array.Offset + slot) * ByteView.Size)..])
        : array.ExtentAt(slot).Length;
}
