using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>Single slots, read with every bound checked.</summary>
internal static class Slots
{
    /// <summary>
    /// The index in a dictionary column's slot, or -1 where it is not one of 0 … <paramref name="limit"/> - 1.
    /// </summary>
    public static int Index(ArrowArray array, ReadOnlySpan<byte> indices, int slot, int limit)
    {
        int at = array.Offset + slot;
        ulong index = ((DictionaryType)array.Type).IndexType.Id switch
        {
            ArrowTypeId.Int8 => (ulong)(sbyte)indices[at],
            ArrowTypeId.UInt8 => indices[at],
            ArrowTypeId.Int16 => (ulong)MemoryMarshal.Cast<byte, short>(indices)[at],
            ArrowTypeId.UInt16 => MemoryMarshal.Cast<byte, ushort>(indices)[at],
            ArrowTypeId.Int32 => (ulong)MemoryMarshal.Cast<byte, int>(indices)[at],
            ArrowTypeId.UInt32 => MemoryMarshal.Cast<byte, uint>(indices)[at],
            _ => MemoryMarshal.Cast<byte, ulong>(indices)[at],
        };
        return index < (ulong)limit ? (int)index : -1;
    }

    public static void PutIndex(Span<byte> indices, int width, int slot, int index)
    {
        switch (width)
        {
            case 1:
                indices[slot] = (byte)index;
                break;
            case 2:
                BinaryPrimitives.WriteUInt16LittleEndian(indices[(2 * slot)..], (ushort)index);
                break;
            case 4:
                BinaryPrimitives.WriteInt32LittleEndian(indices[(4 * slot)..], index);
                break;
            default:
                BinaryPrimitives.WriteInt64LittleEndian(indices[(8 * slot)..], index);
                break;
        }
    }

    /// <summary>The end of a run, which counts slots from the array's very first.</summary>
    public static long RunEnd(ArrowArray ends, int run)
    {
        ReadOnlySpan<byte> values = ends.Buffers[1].Span;
        int at = ends.Offset + run;
        return ends.Type.Id switch
        {
            ArrowTypeId.Int16 => MemoryMarshal.Cast<byte, short>(values)[at],
            ArrowTypeId.Int32 => MemoryMarshal.Cast<byte, int>(values)[at],
            _ => MemoryMarshal.Cast<byte, long>(values)[at],
        };
    }

    /// <summary>The run that holds a slot of a run-end encoded array, or -1 where its run ends stop before.</summary>
    public static int Run(ArrowArray array, int slot)
    {
        ArrowArray ends = array.Children[0];
        long at = (long)array.Offset + slot;
        int low = 0, high = ends.Length;
        while (low < high)
        {
            int middle = low + (high - low) / 2;
            if (RunEnd(ends, middle) > at) high = middle;
            else low = middle + 1;
        }

        return low < ends.Length ? low : -1;
    }

    /// <summary>
    /// Whether a slot is null by the words of canonical-block.md, section 3, what hides it left aside.
    /// </summary>
    public static bool IsNull(ArrowArray array, int slot, FieldPath? path)
    {
        switch (array.Layout)
        {
            case Layout.Null:
                return true;
            case Layout.SparseUnion or Layout.DenseUnion:
                return false;
            case Layout.RunEnds:
                int run = Run(array, slot);
                if (run < 0) throw new InvalidArrowException("the last run ends before the column does", path, slot);
                return IsNull(array.Children[1], run, path);
            case Layout.Dictionary when !array.IsNull(slot):
                int limit = array.Dictionary?.Length ?? 0;
                int index = Index(array, array.Buffers[1].Span, slot, limit);
                if (index < 0)
                    throw new InvalidArrowException($"an index is outside its dictionary of {limit}", path, slot);
                return IsNull(array.Dictionary!, index, path);
            default:
                return array.IsNull(slot);
        }
    }

    /// <summary>Whether no slot of an array can be null.</summary>
    public static bool HasNoNulls(ArrowArray array) => array.Layout switch
    {
        Layout.Null or Layout.RunEnds => false,
        Layout.SparseUnion or Layout.DenseUnion => true,
        Layout.Dictionary => array.Validity.IsEmpty && (array.Dictionary is null || HasNoNulls(array.Dictionary)),
        _ => array.Validity.IsEmpty,
    };
}
