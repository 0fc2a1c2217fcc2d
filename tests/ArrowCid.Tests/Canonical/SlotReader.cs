using System.Buffers.Binary;
using System.Numerics;
using ArrowCid.Columnar;

namespace ArrowCid.Tests.Canonical;

/// <summary>Reads single slots out of memory, one after the other, and judges them by section 4.</summary>
internal static class SlotReader
{
    /// <summary>The shape of an array, after a look at what must hold for all its slots, seen or not.</summary>
    public static Shape ShapeOf(ArrowArray array, string path)
    {
        CheckNullCount(array, path);
        CheckOffsets(array, path);
        if (array.Layout == BufferLayout.RunEnds) CheckRunEnds(array, path);
        Shape[] children = [.. array.Type.Children.Select((f, i) => ShapeOf(array.Children[i], $"{path}.{f.Name}"))];
        if (array.Type is not DictionaryType type) return new Shape(children);
        if (array.Dictionary is null) return new Shape(children, BlankShape(type.ValueType));
        var shape = new Shape(children, ShapeOf(array.Dictionary, path));
        for (int i = 0; type.IsOrdered && i < array.Dictionary.Length; i++)
            shape.Entries.Add(Slot(array.Dictionary, type.ValueType, i, path, shape.Values!));
        return shape;
    }

    /// <summary>The shape of a type without any slots.</summary>
    public static Shape BlankShape(ArrowType type) => type is DictionaryType d
        ? new Shape([], BlankShape(d.ValueType))
        : new Shape([.. type.Children.Select(f => BlankShape(f.Type))]);

    /// <summary>A visible slot of a field.</summary>
    public static Value Read(ArrowArray array, Field field, int slot, string path, Shape shape)
    {
        Value value = Slot(array, field.Type, slot, path, shape);
        if (value.IsNull && !field.IsNullable)
            throw new InvalidArrowException("a field that is not nullable holds a null", path, slot);
        return value;
    }

    public static long Integer(ArrowArray array, int buffer, long slot, int width, bool signed = true)
    {
        ReadOnlySpan<byte> bytes = array.Buffers[buffer].Span.Slice(checked((int)(slot * width)), width);
        var value = new BigInteger(bytes, isUnsigned: !signed);
        return value > long.MaxValue ? long.MaxValue : (long)value;
    }

    private static Value Slot(ArrowArray array, ArrowType type, int slot, string path, Shape shape)
    {
        long at = (long)array.Offset + slot;
        if (array.Layout == BufferLayout.Null) return Value.Null;
        if (array.Layout.HasValidity() && !Bit(array.Buffers[0], at, whenAbsent: true)) return Value.Null;
        return array.Layout switch
        {
            BufferLayout.Bits => new Leaf([(byte)(Bit(array.Buffers[1], at, false) ? 1 : 0)]),
            BufferLayout.Fixed => new Leaf(Fixed(array, type, at)),
            BufferLayout.Bytes32 =>
                Text(type, Extent(array, at, slot, 4, array.Buffers[2].Length, path), array.Buffers[2], slot, path),
            BufferLayout.Bytes64 =>
                Text(type, Extent(array, at, slot, 8, array.Buffers[2].Length, path), array.Buffers[2], slot, path),
            BufferLayout.ByteViews => View(array, type, at, slot, path),
            BufferLayout.List32 => List(array, type, Extent(array, at, slot, 4, array.Children[0].Length, path), path, shape),
            BufferLayout.List64 => List(array, type, Extent(array, at, slot, 8, array.Children[0].Length, path), path, shape),
            BufferLayout.ListView32 => List(array, type, Sized(array, at, slot, 4, path), path, shape),
            BufferLayout.ListView64 => List(array, type, Sized(array, at, slot, 8, path), path, shape),
            BufferLayout.FixedSizeList => List(array, type, FixedExtent((FixedSizeListType)type, at), path, shape),
            BufferLayout.Struct => new Items([.. type.Children.Select((f, i) =>
                Read(array.Children[i], f, (int)at, $"{path}.{f.Name}", shape.Children[i]))]),
            BufferLayout.SparseUnion or BufferLayout.DenseUnion => Union(array, (UnionType)type, at, slot, path, shape),
            BufferLayout.RunEnds => Run(array, (RunEndEncodedType)type, at, path, shape),
            _ => Dictionary(array, (DictionaryType)type, at, slot, path, shape),
        };
    }

    private static bool Bit(ReadOnlyMemory<byte> bits, long at, bool whenAbsent) =>
        bits.IsEmpty ? whenAbsent : (bits.Span[(int)(at / 8)] & 1 << (int)(at % 8)) != 0;

    private static byte[] Fixed(ArrowArray array, ArrowType type, long at)
    {
        int width = type.ByteWidth();
        byte[] bytes = array.Buffers[1].Span.Slice((int)(at * width), width).ToArray();
        return type.Id switch
        {
            ArrowTypeId.Float16 when Half.IsNaN(BinaryPrimitives.ReadHalfLittleEndian(bytes)) => [0, 0x7E],
            ArrowTypeId.Float32 when float.IsNaN(BinaryPrimitives.ReadSingleLittleEndian(bytes)) => [0, 0, 0xC0, 0x7F],
            ArrowTypeId.Float64 when double.IsNaN(BinaryPrimitives.ReadDoubleLittleEndian(bytes)) =>
                [0, 0, 0, 0, 0, 0, 0xF8, 0x7F],
            _ => bytes,
        };
    }

    private static (long Start, long End) Extent(ArrowArray array, long at, int slot, int width, long limit,
        string path)
    {
        long start = Integer(array, 1, at, width);
        long end = Integer(array, 1, at + 1, width);
        if (start < 0 || end > limit) throw new InvalidArrowException("an offset points outside", path, slot);
        return (start, end);
    }

    private static (long Start, long End) Sized(ArrowArray array, long at, int slot, int width, string path)
    {
        long start = Integer(array, 1, at, width);
        long size = Integer(array, 2, at, width);
        if (start < 0 || size < 0 || start > array.Children[0].Length - size)
            throw new InvalidArrowException("a list view points outside its child", path, slot);
        return (start, start + size);
    }

    private static (long Start, long End) FixedExtent(FixedSizeListType type, long at) =>
        (at * type.ListSize, (at + 1) * type.ListSize);

    private static Leaf Text(ArrowType type, (long Start, long End) extent, ReadOnlyMemory<byte> data, int slot,
        string path)
    {
        byte[] bytes = data.Span[(int)extent.Start..(int)extent.End].ToArray();
        if (type.IsText() && !SchemaRules.IsUtf8(bytes))
            throw new InvalidArrowException("text is not UTF-8", path, slot);
        return new Leaf(bytes);
    }

    private static Leaf View(ArrowArray array, ArrowType type, long at, int slot, string path)
    {
        ReadOnlyMemory<byte> view = array.Buffers[1].Slice((int)at * 16, 16);
        int length = BinaryPrimitives.ReadInt32LittleEndian(view.Span);
        if (length < 0) throw new InvalidArrowException("a view has a negative length", path, slot);
        if (length <= 12) return Text(type, (4, 4 + length), view, slot, path);
        int buffer = BinaryPrimitives.ReadInt32LittleEndian(view.Span[8..]);
        int start = BinaryPrimitives.ReadInt32LittleEndian(view.Span[12..]);
        if (buffer < 0 || buffer >= array.Buffers.Length - 2)
            throw new InvalidArrowException("a view names a buffer that is not there", path, slot);
        ReadOnlyMemory<byte> data = array.Buffers[2 + buffer];
        if (start < 0 || start > data.Length - (long)length)
            throw new InvalidArrowException("a view points outside its buffer", path, slot);
        if (!data.Span.Slice(start, 4).SequenceEqual(view.Span[4..8]))
            throw new InvalidArrowException("a view's prefix differs from its bytes", path, slot);
        return Text(type, (start, (long)start + length), data, slot, path);
    }

    private static Items List(ArrowArray array, ArrowType type, (long Start, long End) extent, string path, Shape shape)
    {
        Field item = type.Children[0];
        var values = new Value[extent.End - extent.Start];
        path = $"{path}.{item.Name}";
        for (int i = 0; i < values.Length; i++)
        {
            int slot = (int)extent.Start + i;
            values[i] = type is MapType
                ? MapEntry(array.Children[0], item.Type, slot, path, shape.Children[0])
                : Read(array.Children[0], item, slot, path, shape.Children[0]);
        }

        return new Items(values);
    }

    private static Value MapEntry(ArrowArray entries, ArrowType type, int slot, string path, Shape shape)
    {
        Value entry = Slot(entries, type, slot, path, shape);
        if (entry is not Items pair) throw new InvalidArrowException("a map's entry is null", path, slot);
        if (pair.Values[0].IsNull)
            throw new InvalidArrowException("a map's key is null", $"{path}.{type.Children[0].Name}", slot);
        return entry;
    }

    private static Choice Union(ArrowArray array, UnionType type, long at, int slot, string path, Shape shape)
    {
        int child = type.TypeCodes.IndexOf((sbyte)Integer(array, 0, at, 1));
        if (child < 0) throw new InvalidArrowException("a union has no child of that code", path, slot);
        long place = array.Layout == BufferLayout.SparseUnion ? at : Integer(array, 1, at, 4);
        if (place < 0 || place >= array.Children[child].Length)
            throw new InvalidArrowException("a union's offset points outside its child", path, slot);
        Field field = type.Children[child];
        return new Choice(child,
            Read(array.Children[child], field, (int)place, $"{path}.{field.Name}", shape.Children[child]));
    }

    private static Value Run(ArrowArray array, RunEndEncodedType type, long at, string path, Shape shape)
    {
        int run = 0;
        while (RunEnd(array, run) <= at) run++;
        return Slot(array.Children[1], type.Values.Type, run, $"{path}.values", shape.Children[1]);
    }

    private static Value Dictionary(ArrowArray array, DictionaryType type, long at, int slot, string path, Shape shape)
    {
        bool signed = type.IndexType.Id <= ArrowTypeId.Int64;
        long index = Integer(array, 1, at, type.IndexType.ByteWidth(), signed);
        if (array.Dictionary is null || index < 0 || index >= array.Dictionary.Length)
            throw new InvalidArrowException("an index points outside its dictionary", path, slot);
        Value value = Slot(array.Dictionary, type.ValueType, (int)index, path, shape.Values!);
        if (value.IsNull) return Value.Null;
        bool isNew = !type.IsOrdered && shape.Entries.Count < 20 && !shape.Entries.Any(e => Value.Same(e, value));
        if (isNew) shape.Entries.Add(value);
        return new Entry(value, (int)index);
    }

    private static long RunEnd(ArrowArray array, int run) =>
        Integer(array.Children[0], 1, array.Children[0].Offset + run, array.Type.Children[0].Type.ByteWidth());

    private static void CheckNullCount(ArrowArray array, string path)
    {
        if (!array.Layout.HasValidity() || array.ClaimedNullCount < 0) return;
        int nulls = Enumerable.Range(0, array.Length).Count(i => !Bit(array.Buffers[0], (long)array.Offset + i, true));
        if (nulls != array.ClaimedNullCount)
            throw new InvalidArrowException("the null count disagrees with the bitmap", path);
    }

    private static void CheckOffsets(ArrowArray array, string path)
    {
        int width = array.Layout switch
        {
            BufferLayout.Bytes32 or BufferLayout.List32 => 4,
            BufferLayout.Bytes64 or BufferLayout.List64 => 8,
            _ => 0,
        };
        for (int i = 0; width > 0 && i < array.Length; i++)
        {
            if (Integer(array, 1, (long)array.Offset + i, width) > Integer(array, 1, (long)array.Offset + i + 1, width))
                throw new InvalidArrowException("offsets run backward", path, i);
        }
    }

    private static void CheckRunEnds(ArrowArray array, string path)
    {
        long last = 0;
        for (int i = 0; i < array.Children[0].Length; i++)
        {
            if (!Bit(array.Children[0].Buffers[0], (long)array.Children[0].Offset + i, true))
                throw new InvalidArrowException("a run end is null", $"{path}.run_ends", i);
            long end = RunEnd(array, i);
            if (end <= last) throw new InvalidArrowException("run ends do not rise", path, i);
            last = end;
        }

        if (last < (long)array.Offset + array.Length) throw new InvalidArrowException("run ends fall short", path);
    }
}
