using ArrowCid.Columnar;
using ArrowCid.Tests.Canonical;

namespace ArrowCid.Tests.Generators;

/// <summary>Lays values out in memory as Arrow arrays: plainly, or with any disguise.</summary>
internal sealed partial class MemoryLayout(Disguise disguise, Random random)
{
    private readonly RandomValues _values = new(random);

    /// <summary>A batch that says what is asked, in the disguises that are asked for.</summary>
    /// <param name="says">The values.</param>
    /// <param name="disguise">How memory may differ from the plain layout.</param>
    /// <param name="random">Where the junk comes from.</param>
    /// <param name="exact">Whether columns have the batch's length, as they must in a message.</param>
    public static RecordBatch Lay(Logical says, Disguise disguise, Random random, bool exact = false)
    {
        Schema schema = disguise.HasFlag(Disguise.SchemaDress) ? new SchemaDress(random).Of(says.Schema) : says.Schema;
        var layout = new MemoryLayout(disguise, random);
        return new RecordBatch(schema, says.Length,
            [.. schema.Fields
                .Select((f, i) => layout.Child(f.Type, says.Shapes[i], says.Columns[i], mayBeLonger: !exact))]);
    }

    /// <summary>One array without any disguise.</summary>
    public static ArrowArray Plain(ArrowType type, Shape shape, Value[] slots) =>
        new MemoryLayout(Disguise.None, new Random(0)).Whole(type, shape, slots);

    private bool Has(Disguise flag) => disguise.HasFlag(flag);

    private bool IsJunk(Value slot) => slot.IsNull ? Has(Disguise.NullJunk) : slot.IsHidden && Has(Disguise.HiddenJunk);

    /// <summary>An array of exactly or, where a parent allows it, at least the given slots.</summary>
    private ArrowArray Child(ArrowType type, Shape shape, Value[] slots, bool mayBeLonger = true)
    {
        if (mayBeLonger && Has(Disguise.LongChildren) && random.Next(2) == 0)
            slots = [.. slots, .. Junk(type, shape, random.Next(1, 4))];
        if (!Has(Disguise.Slices) || random.Next(3) == 0) return Whole(type, shape, slots);
        int before = random.Next(12);
        Value[] whole = [.. Junk(type, shape, before), .. slots, .. Junk(type, shape, random.Next(4))];
        return Whole(type, shape, whole).Slice(before, slots.Length);
    }

    private IEnumerable<Value> Junk(ArrowType type, Shape shape, int slots)
    {
        for (int i = 0; i < slots; i++)
            yield return Has(Disguise.HiddenJunk) && random.Next(2) == 0 ? Value.Hidden : _values.Valid(type, shape);
    }

    private ArrowArray Whole(ArrowType type, Shape shape, Value[] slots)
    {
        BufferLayout layout = type.Layout();
        switch (layout)
        {
            case BufferLayout.Null:
                return new ArrowArray(type, slots.Length, []);
            case BufferLayout.Bits:
                bool[] bits = [.. slots.Select(v => v is Leaf l ? l.Bytes[0] == 1 : IsJunk(v) && random.Next(2) == 0)];
                return Made(type, slots, [Padded(Bitmap(bits))]);
            case BufferLayout.Fixed:
                byte[] bytes =
                    [.. slots.SelectMany(v => v is Leaf l ? Dressed(type, l.Bytes) : Filler(v, type.ByteWidth()))];
                return Made(type, slots, [Padded(bytes)]);
            case BufferLayout.Bytes32 or BufferLayout.Bytes64:
                return Bytes(type, slots, layout == BufferLayout.Bytes64 ? 8 : 4);
            case BufferLayout.ByteViews:
                return Views(type, slots);
            case BufferLayout.List32 or BufferLayout.List64:
                return Lists(type, shape, slots, layout == BufferLayout.List64 ? 8 : 4);
            case BufferLayout.ListView32 or BufferLayout.ListView64:
                return ListViews(type, shape, slots, layout == BufferLayout.ListView64 ? 8 : 4);
            case BufferLayout.FixedSizeList:
                int size = ((FixedSizeListType)type).ListSize;
                Value[] items =
                    [.. slots.SelectMany(v => v is Items l ? l.Values : Enumerable.Repeat(Value.Hidden, size))];
                return Made(type, slots, [], [Child(type.Children[0].Type, shape.Children[0], items)]);
            case BufferLayout.Struct:
                return Made(type, slots, [], [.. type.Children.Select((f, i) => Child(f.Type, shape.Children[i],
                    [.. slots.Select(v => v is Items fields ? fields.Values[i] : Value.Hidden)]))]);
            case BufferLayout.SparseUnion:
                return Sparse((UnionType)type, shape, slots);
            case BufferLayout.DenseUnion:
                return Dense((UnionType)type, shape, slots);
            case BufferLayout.RunEnds:
                return Runs((RunEndEncodedType)type, shape, slots);
            default:
                return Dictionary((DictionaryType)type, shape, slots);
        }
    }

    private ArrowArray Made(ArrowType type, Value[] slots, ReadOnlyMemory<byte>[] buffers,
        ArrowArray[]? children = null, ArrowArray? dictionary = null, bool[]? bits = null)
    {
        bits ??= [.. slots.Select(v => v.IsValid || (v.IsHidden && Has(Disguise.HiddenJunk) && random.Next(2) == 0))];
        int nulls = bits.Count(b => !b);
        ReadOnlyMemory<byte> validity = nulls > 0 || Has(Disguise.AllOnes) ? Padded(Bitmap(bits)) : default;
        return new ArrowArray(type, slots.Length, [validity, .. buffers], children, dictionary,
            nullCount: Has(Disguise.UnknownNullCount) ? -1 : nulls);
    }

    private byte[] Bitmap(bool[] bits)
    {
        var bytes = new byte[(bits.Length + 7) / 8];
        if (Has(Disguise.TrailingBits)) Array.Fill(bytes, (byte)0xFF);
        for (int i = 0; i < bits.Length; i++)
        {
            if (bits[i]) bytes[i / 8] |= (byte)(1 << i % 8);
            else bytes[i / 8] &= (byte)~(1 << i % 8);
        }

        return bytes;
    }

    private ReadOnlyMemory<byte> Padded(byte[] bytes) =>
        Has(Disguise.TrailingBits) ? (byte[])[.. bytes, .. Noise(random.Next(5))] : bytes;

    private byte[] Noise(int size)
    {
        var bytes = new byte[size];
        random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>What lies in a slot without a value: zeros, or junk.</summary>
    private byte[] Filler(Value slot, int size) => IsJunk(slot) ? Noise(size) : new byte[size];

    /// <summary>A NaN under any of its other names.</summary>
    private byte[] Dressed(ArrowType type, byte[] bytes)
    {
        if (!Has(Disguise.NanPayloads) || !type.IsFloat()) return bytes;
        byte[] noise = Noise(bytes.Length);
        noise[0] |= 1;
        (int low, int high) = (bytes.Length - 2, bytes.Length - 1);
        byte sign = (byte)(noise[high] & 0x80);
        return (bytes.Length, bytes[low], bytes[high]) switch
        {
            (2, _, 0x7E) => [noise[0], (byte)(0x7C | sign | noise[1] & 3)],
            (4, 0xC0, 0x7F) => [noise[0], noise[1], (byte)(0x80 | noise[2]), (byte)(0x7F | sign)],
            (8, 0xF8, 0x7F) => [.. noise[..6], (byte)(0xF0 | noise[6]), (byte)(0x7F | sign)],
            _ => bytes,
        };
    }

    private static byte[] Numbers(IEnumerable<long> numbers, int width) =>
        [.. numbers.SelectMany(n => SlowColumns.Number(n, width))];

    private T[] Shuffled<T>(IEnumerable<T> items) => [.. items.OrderBy(_ => random.Next())];
}
