using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>Writes slots as logical values (<c>lfp1.md</c>, section 3). Offsets, indices and run ends are checked: an
/// array with other ones throws <see cref="InvalidArrowException"/>.</summary>
internal static class LogicalValues
{
    private const int RowsAtOnce = 1024;
    private const int MaxDictionaryBytes = 1 << 22;
    private const int DecimalBytes = 32;

    /// <summary>Writes the values of slots that no ancestor hides.</summary>
    /// <param name="to">Takes them.</param>
    /// <param name="array">The array.</param>
    /// <param name="start">The first slot.</param>
    /// <param name="count">The number of slots.</param>
    public static void Append(LogicalBytes to, ArrowArray array, int start, int count)
    {
        if (start < 0 || count < 0 || start > array.Length - count)
            throw new InvalidArrowException("offsets run backward or outside of the child", row: start);
        switch (array.Layout)
        {
            case BufferLayout.Null: AppendNulls(to, count); return;
            case BufferLayout.Dictionary: AppendEncoded(to, array, start, count); return;
            case BufferLayout.RunEnds: AppendRuns(to, array, start, count); return;
        }

        ReadOnlySpan<byte> bits = array.Validity;
        if (bits.IsEmpty)
        {
            AppendValid(to, array, start, count);
            return;
        }

        for (int end = start + count; start < end;)
        {
            int at = array.Offset + start, run = Bits.RunLength(bits, at, end - start);
            if (Bits.Get(bits, at)) AppendValid(to, array, start, run);
            else AppendNulls(to, run);
            start += run;
        }
    }

    private static void AppendNulls(LogicalBytes to, int count)
    {
        while (count > 0)
        {
            int some = Math.Min(count, RowsAtOnce);
            to.Reserve(some)[..some].Clear();
            to.Advance(some);
            count -= some;
        }
    }

    private static void AppendRuns(LogicalBytes to, ArrowArray array, int start, int count)
    {
        ArrowArray ends = array.Children[0], values = array.Children[1];
        for (int i = start; i < start + count;)
        {
            int slot = i;
            if (array.Resolve(ref slot) is null)
            {
                AppendNulls(to, 1);
                i++;
                continue;
            }

            int run = Slots.Run(array, i);
            long end = Math.Min(Slots.RunEnd(ends, run) - array.Offset, start + count);
            for (; i < end; i++) Append(to, values, run, 1);
        }
    }

    /// <summary>A dictionary of small values is written once, and its values are copied.</summary>
    private static void AppendEncoded(LogicalBytes to, ArrowArray array, int start, int count)
    {
        ArrowArray? values = array.Dictionary;
        int limit = values?.Length ?? 0;
        ReadOnlySpan<byte> indices = array.Buffers[1].Span;
        LogicalBytes? known = limit > 0 && limit <= count ? new LogicalBytes() : null;
        int[] ends = known is null ? [] : new int[limit + 1];
        for (int i = 0; known is not null && i < limit; i++)
        {
            if (!IsShort(values!, i) || known.Written.Length > MaxDictionaryBytes)
            {
                known = null;
                break;
            }

            Append(known, values!, i, 1);
            ends[i + 1] = known.Written.Length;
        }

        ReadOnlySpan<byte> written = known is null ? default : known.Written;
        bool hasNulls = !array.Validity.IsEmpty;
        for (int i = start; i < start + count; i++)
        {
            if (hasNulls && array.IsNull(i))
            {
                to.AddByte(0);
                continue;
            }

            int entry = Slots.Index(array, indices, i, limit);
            if (entry < 0)
                throw new InvalidArrowException($"an index is outside its dictionary of {limit}", row: i);
            if (known is null) Append(to, values!, entry, 1);
            else to.Add(written[ends[entry]..ends[entry + 1]]);
        }
    }

    /// <summary>Whether an entry may be written ahead of its use: many may share the bytes of one long value.</summary>
    private static bool IsShort(ArrowArray values, int entry) => values.Layout switch
    {
        BufferLayout.Fixed => values.Type.ByteWidth() <= MaxDictionaryBytes,
        BufferLayout.Bits => true,
        BufferLayout.Bytes32 or BufferLayout.Bytes64 or BufferLayout.ByteViews =>
            values.GetBytes(entry).Length <= MaxDictionaryBytes,
        _ => false,
    };

    private static void AppendValid(LogicalBytes to, ArrowArray array, int start, int count)
    {
        switch (array.Layout)
        {
            case BufferLayout.Fixed: AppendFixed(to, array, start, count); break;
            case BufferLayout.Bits: AppendBits(to, array, start, count); break;
            case BufferLayout.Bytes32 or BufferLayout.Bytes64 or BufferLayout.ByteViews:
                AppendBytes(to, array, start, count);
                break;
            case BufferLayout.Struct: AppendStructs(to, array, start, count); break;
            case BufferLayout.SparseUnion or BufferLayout.DenseUnion: AppendUnions(to, array, start, count); break;
            default: AppendLists(to, array, start, count); break;
        }
    }

    private static void AppendBits(LogicalBytes to, ArrowArray array, int start, int count)
    {
        ReadOnlySpan<byte> bits = array.Buffers[1].Span;
        for (int i = start; i < start + count; i++)
        {
            Span<byte> space = to.Reserve(2);
            space[1] = Bits.Get(bits, array.Offset + i) ? (byte)1 : (byte)0;
            space[0] = 1;
            to.Advance(2);
        }
    }

    private static void AppendBytes(LogicalBytes to, ArrowArray array, int start, int count)
    {
        bool isView = array.Layout == BufferLayout.ByteViews;
        ReadOnlySpan<byte> data = isView ? default : array.Buffers[2].Span;
        for (int i = start; i < start + count; i++)
        {
            scoped ReadOnlySpan<byte> value;
            if (isView)
            {
                value = array.GetBytes(i);
            }
            else
            {
                (long from, long length) = array.ExtentAt(i);
                if (from < 0 || length < 0 || from > data.Length - length)
                    throw new InvalidArrowException("offsets run backward or outside of the data", row: i);
                value = data.Slice((int)from, (int)length);
            }

            Span<byte> space = to.Reserve(1 + sizeof(uint));
            BinaryPrimitives.WriteUInt32LittleEndian(space[1..], (uint)value.Length);
            space[0] = 1;
            to.Advance(1 + sizeof(uint));
            to.Add(value);
        }
    }

    private static void AppendLists(LogicalBytes to, ArrowArray array, int start, int count)
    {
        bool isFixed = array.Layout == BufferLayout.FixedSizeList, isMap = array.Type is MapType;
        ArrowArray items = array.Children[0];
        ArrowArray? keys = isMap ? items.Field(0) : null, values = isMap ? items.Field(1) : null;
        for (int i = start; i < start + count; i++)
        {
            (long from, long length) = array.ExtentAt(i);
            if (from < 0 || length < 0 || from > items.Length - length)
                throw new InvalidArrowException("a list's offsets run backward or outside of its child", row: i);
            to.AddByte(1);
            if (!isFixed) to.AddUInt32((uint)length);
            if (!isMap)
            {
                Append(to, items, (int)from, (int)length);
                continue;
            }

            for (int entry = (int)from; entry < from + length; entry++)
            {
                Append(to, keys!, entry, 1);
                Append(to, values!, entry, 1);
            }
        }
    }

    private static void AppendStructs(LogicalBytes to, ArrowArray array, int start, int count)
    {
        int fields = array.Children.Count;
        for (int i = start; i < start + count; i++)
        {
            to.AddByte(1);
            for (int j = 0; j < fields; j++) Append(to, array.ChildSpan[j], array.Offset + i, 1);
        }
    }

    private static void AppendUnions(LogicalBytes to, ArrowArray array, int start, int count)
    {
        ReadOnlySpan<sbyte> codes = ((UnionType)array.Type).TypeCodes;
        bool isSparse = array.Layout == BufferLayout.SparseUnion;
        for (int i = start; i < start + count; i++)
        {
            (int child, int slot) = array.GetUnionSlot(i);
            to.AddByte(1);
            to.AddByte((byte)codes[child]);
            Append(to, array.ChildSpan[child], isSparse ? array.Offset + slot : slot, 1);
        }
    }

    private static void AppendFixed(LogicalBytes to, ArrowArray array, int start, int count)
    {
        int width = array.Type.ByteWidth();
        ReadOnlySpan<byte> slots = array.Buffers[1].Span.Slice((array.Offset + start) * width, count * width);
        if (array.Type is DecimalType)
        {
            AppendDecimals(to, slots, width);
            return;
        }

        int most = Math.Max(1, Math.Min(RowsAtOnce, (1 << 15) / (width + 1)));
        while (count > 0)
        {
            int rows = Math.Min(count, most);
            Span<byte> space = to.Reserve(rows * (width + 1))[..(rows * (width + 1))];
            Spread(array.Type.Id, slots[..(rows * width)], width, rows, space);
            to.Advance(space.Length);
            slots = slots[(rows * width)..];
            count -= rows;
        }
    }

    /// <summary>Slots with a 1 in front of each.</summary>
    private static void Spread(ArrowTypeId id, ReadOnlySpan<byte> slots, int width, int rows, Span<byte> to)
    {
        switch (id, width)
        {
            case (ArrowTypeId.Float16, _):
                SpreadOf<ushort, HalfBits>(slots, to);
                break;
            case (ArrowTypeId.Float32, _):
                SpreadOf<uint, SingleBits>(slots, to);
                break;
            case (ArrowTypeId.Float64, _):
                SpreadOf<ulong, DoubleBits>(slots, to);
                break;
            case (not ArrowTypeId.FixedSizeBinary, 8):
                SpreadOf<ulong, AsItIs<ulong>>(slots, to);
                break;
            case (not ArrowTypeId.FixedSizeBinary, 4):
                SpreadOf<uint, AsItIs<uint>>(slots, to);
                break;
            case (not ArrowTypeId.FixedSizeBinary, 2):
                SpreadOf<ushort, AsItIs<ushort>>(slots, to);
                break;
            default:
                for (int i = 0; i < rows; i++)
                {
                    to[i * (width + 1)] = 1;
                    slots.Slice(i * width, width).CopyTo(to[(i * (width + 1) + 1)..]);
                }

                break;
        }
    }

    private static void SpreadOf<T, TFold>(ReadOnlySpan<byte> slots, Span<byte> to)
        where T : unmanaged where TFold : struct, IFold<T>
    {
        ReadOnlySpan<T> values = MemoryMarshal.Cast<byte, T>(slots);
        int width = slots.Length / Math.Max(values.Length, 1);
        foreach (T value in values)
        {
            to[0] = 1;
            T folded = TFold.Of(value);
            MemoryMarshal.Write(to[1..], in folded);
            to = to[(width + 1)..];
        }
    }

    private static void AppendDecimals(LogicalBytes to, ReadOnlySpan<byte> slots, int width)
    {
        for (; slots.Length > 0; slots = slots[width..])
        {
            Span<byte> space = to.Reserve(1 + DecimalBytes)[..(1 + DecimalBytes)];
            space[0] = 1;
            slots[..width].CopyTo(space[1..]);
            space[(1 + width)..].Fill((sbyte)slots[width - 1] < 0 ? (byte)0xFF : (byte)0);
            to.Advance(space.Length);
        }
    }

    /// <summary>What is written of a slot's bits.</summary>
    private interface IFold<T>
    {
        static abstract T Of(T bits);
    }

    private readonly struct AsItIs<T> : IFold<T>
    {
        public static T Of(T bits) => bits;
    }

    private readonly struct HalfBits : IFold<ushort>
    {
        public static ushort Of(ushort bits) =>
            (bits & 0x7FFF) > 0x7C00 ? (ushort)0x7E00 : bits == 0x8000 ? (ushort)0 : bits;
    }

    private readonly struct SingleBits : IFold<uint>
    {
        public static uint Of(uint bits) =>
            (bits & 0x7FFF_FFFF) > 0x7F80_0000 ? 0x7FC0_0000 : bits == 0x8000_0000 ? 0 : bits;
    }

    private readonly struct DoubleBits : IFold<ulong>
    {
        public static ulong Of(ulong bits) => (bits & 0x7FFF_FFFF_FFFF_FFFF) > 0x7FF0_0000_0000_0000
            ? 0x7FF8_0000_0000_0000 : bits == 0x8000_0000_0000_0000 ? 0 : bits;
    }
}
