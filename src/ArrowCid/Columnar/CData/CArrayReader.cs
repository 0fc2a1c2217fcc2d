using ArrowCid.Memory;

namespace ArrowCid.Columnar;

/// <summary>
/// Foreign structs ArrowArray as arrays over their memory. What the structs say is checked against the type; how large
/// a buffer is follows from lengths, last offsets and the sizes of views' buffers, and is the producer's word.
/// </summary>
internal static class CArrayReader
{
    private const int MaxViewBuffers = 1 << 20;

    private const long AddressSpace = 1L << 47;

    /// <summary>A batch: a struct array without nulls.</summary>
    public static RecordBatch Batch(CArrayView view, Schema schema, IViewOwner owner)
    {
        ArrowArray rows = Read(view, new StructType([.. schema.Fields]), owner, null);
        if (!rows.Validity.IsEmpty && Bits.Count(rows.Validity, rows.Offset, rows.Length) < rows.Length)
            throw new InvalidArrowException("a row of a batch is null; only columns have nulls");
        var columns = new ArrowArray[rows.Children.Count];
        for (int i = 0; i < columns.Length; i++) columns[i] = rows.Field(i);
        return new RecordBatch(schema, rows.Length, columns);
    }

    /// <summary>An array of a field.</summary>
    public static ArrowArray Array(CArrayView view, Field field, IViewOwner owner) =>
        Read(view, field.Type, owner, new FieldPath(null, field.Name));

    private static ArrowArray Read(CArrayView view, ArrowType type, IViewOwner owner, FieldPath? path)
    {
        Check(view, path);
        return Read(view, type, owner, path, 0, view.Length);
    }

    /// <summary>Some slots of a struct. Whole groups of eight before them are left out of the buffers, so that a small
    /// slice of a large array stays small.</summary>
    private static ArrowArray Read(
        CArrayView view, ArrowType type, IViewOwner owner, FieldPath? path, long start, long count)
    {
        BufferLayout layout = type.Layout();
        CheckShape(view, type, layout, path);
        long first = view.Offset + start;
        long skipped = layout == BufferLayout.RunEnds ? 0 : count == 0 ? first : first & ~7L;
        long slots = first - skipped + count;
        if (slots > int.MaxValue) throw TooLarge($"{slots} slots", path);
        var window = new Window(view, owner, path, skipped, (int)slots);
        ReadOnlyMemory<byte>[] buffers = Buffers(window, type, layout);
        int nulls = (int)(!layout.HasValidity() ? -1
            : start == 0 && count == view.Length ? view.NullCount
            : view.NullCount == 0 ? 0 : -1);
        ArrowArray[] children = Children(window, type, layout);
        ArrowArray? dictionary = type is DictionaryType encoded
            ? Read(view.Dictionary!.Value, encoded.ValueType, owner, path)
            : null;
        try
        {
            int offset = layout == BufferLayout.Null ? 0 : (int)(first - skipped);
            return new ArrowArray(type, (int)count, buffers, children, dictionary, offset, nulls);
        }
        catch (InvalidArrowException e) when (e.FieldPath.Length == 0)
        {
            throw new InvalidArrowException(e.Rule, path, code: e.Code);
        }
    }

    private static void Check(CArrayView view, FieldPath? path)
    {
        if (view.IsReleased) throw Fault("the struct ArrowArray was released or moved", path);
        if (view.Length < 0) throw Fault($"an array has {view.Length} slots", path);
        if (view.Offset < 0) throw Fault($"an array has an offset of {view.Offset}", path);
        if (view.NullCount < -1 || view.NullCount > view.Length)
            throw Fault($"a null count of {view.NullCount} in {view.Length} slots is impossible", path);
        if (view.Offset > long.MaxValue - view.Length)
            throw Fault($"an offset of {view.Offset} and {view.Length} slots overflow", path);
    }

    private static void CheckShape(CArrayView view, ArrowType type, BufferLayout layout, FieldPath? path)
    {
        // The sizes of the views' data buffers are a buffer too.
        bool isViews = layout == BufferLayout.ByteViews;
        long wanted = layout.BufferCount() + (isViews ? 1 : 0), given = view.BufferCount;
        if (given < wanted || given > (isViews ? MaxViewBuffers : wanted))
            throw Fault($"an array of {type} has {wanted} buffers, not {given}", path);
        if (given > 0 && !view.HasBuffers) throw Fault($"an array's {given} buffers are NULL", path);
        if (view.ChildCount != type.Children.Count)
            throw Fault($"an array of {type} has {type.Children.Count} children, not {view.ChildCount}", path);
        if (view.Dictionary is null == type is DictionaryType)
            throw Fault(type is DictionaryType ? "a dictionary is NULL" : $"an array of {type} has a dictionary", path);
    }

    private static ArrowArray[] Children(in Window window, ArrowType type, BufferLayout layout)
    {
        if (type.Children.Count == 0) return [];
        var children = new ArrowArray[type.Children.Count];
        for (int i = 0; i < children.Length; i++)
        {
            Field field = type.Children[i];
            var path = new FieldPath(window.Path, field.Name);
            CArrayView child = window.View.Child(i) ?? throw Fault("a child is NULL", path);
            Check(child, path);
            (long start, long count) = (0, child.Length);
            if (layout is BufferLayout.Struct or BufferLayout.SparseUnion)
                (start, count) = (window.Skipped, window.Slots);
            if (layout == BufferLayout.FixedSizeList)
            {
                int size = ((FixedSizeListType)type).ListSize;
                if (window.Skipped > long.MaxValue / Math.Max(size, 1)) throw Fault("a child is too short", path);
                (start, count) = (window.Skipped * size, (long)window.Slots * size);
            }

            if (start > child.Length || count > child.Length - start)
                throw Fault($"a child has {child.Length} slots where its parent's need {start} and {count} more", path);
            children[i] = Read(child, field.Type, window.Owner, path, start, count);
        }

        return children;
    }

    private static ReadOnlyMemory<byte>[] Buffers(in Window window, ArrowType type, BufferLayout layout)
    {
        CArrayView view = window.View;
        var buffers = new ReadOnlyMemory<byte>[layout == BufferLayout.ByteViews
            ? view.BufferCount - 1 : view.BufferCount];
        if (layout.HasValidity())
        {
            if (view.HasBuffer(0)) buffers[0] = window.Bits(0, "the validity bitmap");
            else if (view.NullCount > 0)
                throw Fault($"there is no bitmap for a null count of {view.NullCount}", window.Path);
        }

        switch (layout)
        {
            case BufferLayout.Bits:
                buffers[1] = window.Bits(1, "the value bitmap");
                break;
            case BufferLayout.Fixed or BufferLayout.Dictionary:
                buffers[1] = window.Fixed(1, type.ByteWidth(), "the values");
                break;
            case BufferLayout.Bytes32:
                buffers[1] = window.Offsets(sizeof(int));
                buffers[2] = window.Data(window.Slots == 0 ? 0 : view.ReadInt32(1, window.Skipped + window.Slots));
                break;
            case BufferLayout.Bytes64:
                buffers[1] = window.Offsets(sizeof(long));
                buffers[2] = window.Data(window.Slots == 0 ? 0 : view.ReadInt64(1, window.Skipped + window.Slots));
                break;
            case BufferLayout.ByteViews:
                buffers[1] = window.Fixed(1, ByteView.Size, "the views");
                ViewData(window, buffers);
                break;
            case BufferLayout.List32:
                buffers[1] = window.Offsets(sizeof(int));
                break;
            case BufferLayout.List64:
                buffers[1] = window.Offsets(sizeof(long));
                break;
            case BufferLayout.ListView32 or BufferLayout.ListView64:
                int width = layout == BufferLayout.ListView32 ? sizeof(int) : sizeof(long);
                buffers[1] = window.Fixed(1, width, "the offsets");
                buffers[2] = window.Fixed(2, width, "the sizes");
                break;
            case BufferLayout.SparseUnion or BufferLayout.DenseUnion:
                buffers[0] = window.Fixed(0, 1, "the type codes");
                if (layout == BufferLayout.DenseUnion) buffers[1] = window.Fixed(1, sizeof(int), "the offsets");
                break;
        }

        return buffers;
    }

    private static void ViewData(in Window window, ReadOnlyMemory<byte>[] buffers)
    {
        CArrayView view = window.View;
        int last = buffers.Length;
        if (last > 2 && !view.HasBuffer(last)) throw Fault("the sizes of the views' buffers are NULL", window.Path);
        for (int i = 2; i < last; i++)
        {
            long size = view.ReadInt64(last, i - 2);
            if (size is < 0 or > int.MaxValue)
                throw Fault($"a buffer behind views has {size} bytes; it may have 0 to 2^31 - 1", window.Path);
            buffers[i] = window.Whole(i, (int)size, "a buffer behind views");
        }
    }

    private static InvalidArrowException Fault(string rule, FieldPath? path) => new(rule, path);

    private static InvalidArrowException TooLarge(string what, FieldPath? path) =>
        new($"{what} are more than 2^31 - 1; split the batch", path, code: ErrorCode.TooLarge);

    /// <summary>The slots of a struct that are looked at.</summary>
    private readonly record struct Window(CArrayView View, IViewOwner Owner, FieldPath? Path, long Skipped, int Slots)
    {
        public ReadOnlyMemory<byte> Bits(int buffer, string what) =>
            Part(buffer, Start(1) >> 3, Columnar.Bits.ByteCount(Slots), what);

        public ReadOnlyMemory<byte> Fixed(int buffer, int width, string what) =>
            Part(buffer, Start(width), (long)Slots * width, what);

        public ReadOnlyMemory<byte> Offsets(int width) => Slots == 0
            ? default
            : Part(1, Start(width), ((long)Slots + 1) * width, "the offsets");

        public ReadOnlyMemory<byte> Data(long end) => end >= 0
            ? Part(2, 0, end, "the data")
            : throw Fault($"the last offset is {end}", Path);

        public ReadOnlyMemory<byte> Whole(int buffer, int length, string what) => Part(buffer, 0, length, what);

        private long Start(int width) => Slots == 0 ? 0
            : Skipped <= AddressSpace / Math.Max(width, 1) ? Skipped * width
            : throw Fault($"an offset of {Skipped} is past any memory", Path);

        private ReadOnlyMemory<byte> Part(int buffer, long start, long length, string what)
        {
            if (length == 0) return default;
            if (length > int.MaxValue) throw TooLarge($"{what}, {length} bytes,", Path);
            return View.HasBuffer(buffer)
                ? View.Memory(buffer, start, (int)length, Owner)
                : throw Fault($"{what} are NULL where {length} bytes are needed", Path);
        }
    }
}
