using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace ArrowCid.Columnar;

/// <summary>Single slots of dictionary and run-end encoded arrays, read with every bound checked.</summary>
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

    /// <summary>Puts an index of <paramref name="width"/> bytes, which can count it.</summary>
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

    /// <summary>
    /// The run that holds a slot of a run-end encoded array, or -1 where its run ends stop before; any run where they
    /// do not rise.
    /// </summary>
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

    /// <summary>Whether no slot of an array can be logically null.</summary>
    public static bool HasNoNulls(ArrowArray array) => array.Layout switch
    {
        BufferLayout.Null or BufferLayout.RunEnds => false,
        BufferLayout.SparseUnion or BufferLayout.DenseUnion => true,
        BufferLayout.Dictionary => array.Validity.IsEmpty && (array.Dictionary is null || HasNoNulls(array.Dictionary)),
        _ => array.Validity.IsEmpty,
    };
}
