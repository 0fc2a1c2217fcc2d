using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using ArrowCid.Columnar;

namespace ArrowCid.Tests.Ipc;

/// <summary>
/// What a batch says, slot by slot, without regard to how it lies in memory: two forms of one batch give one text.
/// Dictionaries, runs and views are followed.
/// </summary>
internal static class SlotText
{
    public static string Of(RecordBatch batch)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{batch.Length} rows\n");
        for (int c = 0; c < batch.Columns.Count; c++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{batch.Schema.Fields[c]}:");
            for (int i = 0; i < batch.Length; i++) text.Append(' ').Append(Of(batch.Columns[c], i));
            text.Append('\n');
        }

        return text.ToString();
    }

    public static string Of(ArrowArray array, int index)
    {
        if (array.IsNull(index)) return "null";
        int slot = array.Offset + index;
        return array.Layout switch
        {
            BufferLayout.Bits => Bits.Get(Buffer(array, 1), slot) ? "true" : "false",
            BufferLayout.Fixed => Hex(Buffer(array, 1).Slice(slot * array.Type.ByteWidth(), array.Type.ByteWidth())),
            BufferLayout.Bytes32 => Hex(Buffer(array, 2)[Numbers<int>(array, 1)[slot]..Numbers<int>(array, 1)[slot + 1]]),
            BufferLayout.Bytes64 => Hex(Buffer(array, 2)[(int)Numbers<long>(array, 1)[slot]..(int)Numbers<long>(array, 1)[slot + 1]]),
            BufferLayout.ByteViews => Hex(View(array, slot)),
            BufferLayout.List32 => List(array.Children[0], Numbers<int>(array, 1)[slot], Numbers<int>(array, 1)[slot + 1]),
            BufferLayout.List64 => List(array.Children[0], Numbers<long>(array, 1)[slot], Numbers<long>(array, 1)[slot + 1]),
            BufferLayout.ListView32 => ListView(array.Children[0], Numbers<int>(array, 1)[slot], Numbers<int>(array, 2)[slot]),
            BufferLayout.ListView64 => ListView(array.Children[0], Numbers<long>(array, 1)[slot], Numbers<long>(array, 2)[slot]),
            BufferLayout.FixedSizeList => ListView(array.Children[0], (long)slot * Size(array), Size(array)),
            BufferLayout.Struct => $"{{{string.Join(", ", array.Children.Select(child => Of(child, slot)))}}}",
            BufferLayout.SparseUnion => Union(array, slot, slot),
            BufferLayout.DenseUnion => Union(array, slot, Numbers<int>(array, 1)[slot]),
            BufferLayout.RunEnds => Run(array, slot),
            BufferLayout.Dictionary => Of(array.Dictionary!, Index(array, slot)),
            var other => throw new InvalidOperationException($"{other} has no values."),
        };
    }

    private static ReadOnlySpan<byte> Buffer(ArrowArray array, int buffer) => array.Buffers[buffer].Span;

    private static ReadOnlySpan<T> Numbers<T>(ArrowArray array, int buffer) where T : unmanaged =>
        MemoryMarshal.Cast<byte, T>(Buffer(array, buffer));

    private static string Hex(ReadOnlySpan<byte> bytes) => bytes.IsEmpty ? "''" : Convert.ToHexStringLower(bytes);

    private static int Size(ArrowArray array) => ((FixedSizeListType)array.Type).ListSize;

    private static ReadOnlySpan<byte> View(ArrowArray array, int slot)
    {
        ReadOnlySpan<int> view = Numbers<int>(array, 1).Slice(slot * 4, 4);
        return view[0] <= 12
            ? MemoryMarshal.AsBytes(view[1..])[..view[0]]
            : Buffer(array, 2 + view[2]).Slice(view[3], view[0]);
    }

    private static string ListView(ArrowArray child, long start, long count) => List(child, start, start + count);

    private static string List(ArrowArray child, long start, long end)
    {
        var items = new List<string>();
        for (long i = start; i < end; i++) items.Add(Of(child, (int)i));
        return $"[{string.Join(", ", items)}]";
    }

    private static string Union(ArrowArray array, int slot, int at)
    {
        sbyte code = Numbers<sbyte>(array, 0)[slot];
        return $"{code}:{Of(array.Children[((UnionType)array.Type).TypeCodes.IndexOf(code)], at)}";
    }

    private static string Run(ArrowArray array, int slot)
    {
        ArrowArray ends = array.Children[0];
        int run = 0;
        while (Number(ends, ends.Offset + run) <= slot) run++;
        return Of(array.Children[1], run);
    }

    private static int Index(ArrowArray array, int slot)
    {
        ulong mask = ulong.MaxValue >> (64 - 8 * array.Type.ByteWidth());
        return checked((int)((ulong)Number(array, slot) & mask));
    }

    private static long Number(ArrowArray array, int slot) => array.Type.ByteWidth() switch
    {
        1 => Numbers<byte>(array, 1)[slot],
        2 => Numbers<short>(array, 1)[slot],
        4 => Numbers<int>(array, 1)[slot],
        _ => Numbers<long>(array, 1)[slot],
    };
}
