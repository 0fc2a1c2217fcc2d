using System.Buffers.Binary;
using ArrowCid.Columnar;

namespace ArrowCid.Tests.Canonical;

/// <summary>What one record batch or dictionary message holds: section 3, one slot after another.</summary>
internal sealed class SlowColumns(List<(int Id, int Length, SlowColumns Body)> dictionaries, int[] nextId)
{
    public List<(long Length, long Nulls)> Nodes { get; } = [];

    public List<byte[]> Buffers { get; } = [];

    public List<long> Variadic { get; } = [];

    public void Column(ArrowType type, Shape shape, Value[] slots)
    {
        BufferLayout layout = type.Layout();
        int invalid = layout.HasValidity() ? slots.Count(v => !v.IsValid) : layout == BufferLayout.Null ? slots.Length : 0;
        Nodes.Add((slots.Length, invalid));
        if (layout.HasValidity()) Buffers.Add(invalid == 0 ? [] : Bitmap([.. slots.Select(v => v.IsValid)]));
        switch (layout)
        {
            case BufferLayout.Null:
                break;
            case BufferLayout.Bits:
                Buffers.Add(Bitmap([.. slots.Select(v => v is Leaf { Bytes: [1] })]));
                break;
            case BufferLayout.Fixed:
                Buffers.Add([.. slots.SelectMany(v => v is Leaf leaf ? leaf.Bytes : new byte[type.ByteWidth()])]);
                break;
            case BufferLayout.Bytes32 or BufferLayout.Bytes64:
                int offset = layout == BufferLayout.Bytes64 ? 8 : 4;
                Offsets([.. slots.Select(v => v is Leaf leaf ? leaf.Bytes.Length : 0)], offset);
                Buffers.Add([.. slots.SelectMany(v => v is Leaf leaf ? leaf.Bytes : [])]);
                break;
            case BufferLayout.ByteViews:
                Views(slots);
                break;
            case BufferLayout.List32 or BufferLayout.List64:
                int width = layout == BufferLayout.List64 ? 8 : 4;
                Offsets([.. slots.Select(v => v is Items list ? list.Values.Length : 0)], width);
                Column(type.Children[0].Type, shape.Children[0], Elements(slots));
                break;
            case BufferLayout.ListView32 or BufferLayout.ListView64:
                ListViews(slots, layout == BufferLayout.ListView64 ? 8 : 4);
                Column(type.Children[0].Type, shape.Children[0], Elements(slots));
                break;
            case BufferLayout.FixedSizeList:
                int size = ((FixedSizeListType)type).ListSize;
                Column(type.Children[0].Type, shape.Children[0],
                    [.. slots.SelectMany(v => v is Items list ? list.Values : Enumerable.Repeat(Value.Hidden, size))]);
                break;
            case BufferLayout.Struct:
                for (int i = 0; i < type.Children.Count; i++)
                {
                    Column(type.Children[i].Type, shape.Children[i],
                        [.. slots.Select(v => v is Items fields ? fields.Values[i] : Value.Hidden)]);
                }

                break;
            case BufferLayout.SparseUnion or BufferLayout.DenseUnion:
                Union((UnionType)type, shape, slots, layout == BufferLayout.DenseUnion);
                break;
            case BufferLayout.RunEnds:
                Runs((RunEndEncodedType)type, shape, slots);
                break;
            default:
                Dictionary((DictionaryType)type, shape, slots);
                break;
        }
    }

    public static byte[] Number(long value, int width)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes[..width];
    }

    private static byte[] Bitmap(bool[] bits)
    {
        var bytes = new byte[(bits.Length + 7) / 8];
        for (int i = 0; i < bits.Length; i++)
        {
            if (bits[i]) bytes[i / 8] |= (byte)(1 << i % 8);
        }

        return bytes;
    }

    private static Value[] Elements(Value[] slots) => [.. slots.SelectMany(v => v is Items list ? list.Values : [])];

    private void Offsets(int[] lengths, int width)
    {
        List<byte> offsets = [.. Number(0, width)];
        long end = 0;
        foreach (int length in lengths)
        {
            end += length;
            offsets.AddRange(Number(end, width));
        }

        Buffers.Add([.. offsets]);
    }

    private void Views(Value[] slots)
    {
        List<byte> views = [];
        List<byte> data = [];
        foreach (Value slot in slots)
        {
            byte[] bytes = slot is Leaf leaf ? leaf.Bytes : [];
            views.AddRange(Number(bytes.Length, 4));
            if (bytes.Length <= 12)
            {
                views.AddRange(bytes);
                views.AddRange(new byte[12 - bytes.Length]);
                continue;
            }

            views.AddRange(bytes[..4]);
            views.AddRange(Number(0, 4));
            views.AddRange(Number(data.Count, 4));
            data.AddRange(bytes);
        }

        Buffers.Add([.. views]);
        Variadic.Add(data.Count > 0 ? 1 : 0);
        if (data.Count > 0) Buffers.Add([.. data]);
    }

    private void ListViews(Value[] slots, int width)
    {
        List<byte> offsets = [];
        List<byte> sizes = [];
        long soFar = 0;
        foreach (Value slot in slots)
        {
            int size = slot is Items list ? list.Values.Length : 0;
            offsets.AddRange(Number(soFar, width));
            sizes.AddRange(Number(size, width));
            soFar += size;
        }

        Buffers.Add([.. offsets]);
        Buffers.Add([.. sizes]);
    }

    private void Union(UnionType type, Shape shape, Value[] slots, bool dense)
    {
        int[] chosen = [.. slots.Select(v => v is Choice choice ? choice.Child : 0)];
        sbyte[] codes = type.TypeCodes.ToArray();
        Buffers.Add([.. chosen.Select(child => (byte)codes[child])]);
        var children = new List<Value>[codes.Length];
        for (int child = 0; child < codes.Length; child++) children[child] = [];
        List<byte> offsets = [];
        for (int i = 0; i < slots.Length; i++)
        {
            offsets.AddRange(Number(children[chosen[i]].Count, 4));
            for (int child = 0; child < codes.Length; child++)
            {
                if (child == chosen[i]) children[child].Add(slots[i] is Choice choice ? choice.Chosen : Value.Hidden);
                else if (!dense) children[child].Add(Value.Hidden);
            }
        }

        if (dense) Buffers.Add([.. offsets]);
        for (int child = 0; child < codes.Length; child++)
            Column(type.Children[child].Type, shape.Children[child], [.. children[child]]);
    }

    private void Runs(RunEndEncodedType type, Shape shape, Value[] slots)
    {
        int width = type.RunEnds.Type.ByteWidth();
        if (width == 2 && slots.Length > short.MaxValue) throw new InvalidArrowException("a run end is out of range");
        List<Value> values = [];
        List<Value> ends = [];
        string? before = null;
        for (int i = 0; i < slots.Length; i++)
        {
            string encoding = Encoding(type.Values.Type, shape.Children[1], slots[i]);
            if (encoding == before)
            {
                ends[^1] = new Leaf(Number(i + 1, width));
                continue;
            }

            values.Add(slots[i]);
            ends.Add(new Leaf(Number(i + 1, width)));
            before = encoding;
        }

        Column(type.RunEnds.Type, shape.Children[0], [.. ends]);
        Column(type.Values.Type, shape.Children[1], [.. values]);
    }

    private void Dictionary(DictionaryType type, Shape shape, Value[] slots)
    {
        int id = nextId[0]++;
        List<Value> entries = [];
        var places = new Dictionary<string, int>();
        IEnumerable<Value> candidates = type.IsOrdered ? shape.Entries : slots.OfType<Entry>().Select(e => e.Inner);
        foreach (Value candidate in candidates.Where(v => v.IsValid))
        {
            string encoding = Encoding(type.ValueType, shape.Values!, candidate);
            if (places.TryAdd(encoding, entries.Count)) entries.Add(candidate);
        }

        int width = type.IndexType.ByteWidth();
        Buffers.Add([.. slots.SelectMany(v =>
            Number(v is Entry e ? places[Encoding(type.ValueType, shape.Values!, e.Inner)] : 0, width))]);
        var body = new SlowColumns(dictionaries, nextId);
        body.Column(type.ValueType, shape.Values!, [.. entries]);
        dictionaries.Add((id, entries.Count, body));
    }

    /// <summary>The canonical one-element encoding, contents of nested dictionaries included: equal values have equal
    /// ones.</summary>
    private static string Encoding(ArrowType type, Shape shape, Value value)
    {
        if (value is Leaf leaf) return Convert.ToBase64String(leaf.Bytes);
        List<(int Id, int Length, SlowColumns Body)> inner = [];
        var one = new SlowColumns(inner, [0]);
        one.Column(type, shape, [value]);
        inner.Add((-1, 1, one));
        return string.Join('/', inner.Select(d => $"{d.Id}:{d.Length}:{d.Body}"));
    }

    public override string ToString() =>
        string.Join(' ', Nodes) + '|' + string.Join(',', Buffers.Select(Convert.ToBase64String));
}
