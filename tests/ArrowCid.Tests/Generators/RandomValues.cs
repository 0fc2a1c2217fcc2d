using System.Text;
using ArrowCid.Columnar;
using ArrowCid.Tests.Canonical;

namespace ArrowCid.Tests.Generators;

/// <summary>Values at random for a type, with the ones that break encoders: nulls, NaN, -0.0, empty, long, equal
/// ones.</summary>
internal sealed class RandomValues(Random random)
{
    private static readonly string[] s_texts =
        ["", "a", "é", "日本語", "twelve bytes", "thirteen byte", "😀😀😀", "\0", new string('x', 300), "aaaab",
            "aaaac and more of it"];

    private static readonly int[] s_sizes = [0, 1, 4, 11, 12, 13, 40, 200];

    public Value[] Column(Field field, Shape shape, int slots)
    {
        var values = new Value[slots];
        for (int i = 0; i < slots; i++)
        {
            values[i] = i > 0 && random.NextDouble() < shape.RepeatRate
                ? values[random.Next(3) == 0 ? random.Next(i) : i - 1]
                : Next(field, shape);
        }

        return values;
    }

    /// <summary>A value or, where the field may, a null.</summary>
    public Value Next(Field field, Shape shape) =>
        field.IsNullable && random.NextDouble() < shape.NullRate ? Null(field.Type, shape) : Valid(field.Type, shape);

    /// <summary>A value; null only where the type has no other.</summary>
    public Value Valid(ArrowType type, Shape shape)
    {
        switch (type)
        {
            case DictionaryType d:
                int[] places = [.. Enumerable.Range(0, shape.Entries.Count).Where(i => shape.Entries[i].IsValid)];
                if (places.Length > 0)
                {
                    int place = places[random.Next(places.Length)];
                    return new Entry(shape.Entries[place], place);
                }

                if (d.IsOrdered) return Value.Null;
                Value made = Valid(d.ValueType, shape.Values!);
                if (!made.IsValid) return Value.Null;
                shape.Entries.Add(made);
                return new Entry(made, shape.Entries.Count - 1);
            case UnionType u:
                int child = random.Next(u.Children.Count);
                return new Choice(child, Next(u.Children[child], shape.Children[child]));
            case RunEndEncodedType r:
                return Valid(r.Values.Type, shape.Children[1]);
            case StructType s:
                return new Items([.. s.Children.Select((f, i) => Next(f, shape.Children[i]))]);
            case FixedSizeListType l:
                return new Items(Column(l.Item, shape.Children[0], l.ListSize));
            case NestedType n:
                return new Items(Column(n.Children[0], shape.Children[0], random.Next(8) == 0 ? 6 : random.Next(4)));
            default:
                return type.Id == ArrowTypeId.Null ? Value.Null : new Leaf(Bytes(type));
        }
    }

    /// <summary>A null of a nullable field: a union has none of its own, so it chooses.</summary>
    private Value Null(ArrowType type, Shape shape) =>
        RandomSchema.HoldsNulls(type) ? Value.Null : Valid(type, shape);

    private byte[] Bytes(ArrowType type)
    {
        switch (type.Id)
        {
            case ArrowTypeId.Boolean:
                return [(byte)random.Next(2)];
            case ArrowTypeId.Float16:
                return Pick<byte[]>([[0, 0x7E], [0, 0x80], [0, 0x7C], [1, 0], Noise(1).Append((byte)0x3C).ToArray()]);
            case ArrowTypeId.Float32:
                return Pick([[0, 0, 0xC0, 0x7F], [0, 0, 0, 0x80], [0, 0, 0x80, 0xFF],
                    BitConverter.GetBytes(random.NextSingle())]);
            case ArrowTypeId.Float64:
                return Pick([[0, 0, 0, 0, 0, 0, 0xF8, 0x7F], [0, 0, 0, 0, 0, 0, 0, 0x80],
                    BitConverter.GetBytes(random.NextDouble())]);
            case ArrowTypeId.Utf8 or ArrowTypeId.LargeUtf8 or ArrowTypeId.Utf8View:
                return Encoding.UTF8.GetBytes(Pick(s_texts) + (random.Next(2) == 0 ? "" : Pick(s_texts)));
            case ArrowTypeId.Binary or ArrowTypeId.LargeBinary or ArrowTypeId.BinaryView:
                return Noise(Pick(s_sizes));
            default:
                byte[] bytes = new byte[type.ByteWidth()];
                if (random.Next(2) == 0) random.NextBytes(bytes);
                else if (bytes.Length > 0) bytes[0] = (byte)random.Next(3);
                return bytes;
        }
    }

    private byte[] Noise(int size)
    {
        var bytes = new byte[size];
        random.NextBytes(bytes);
        return bytes;
    }

    private T Pick<T>(T[] from) => from[random.Next(from.Length)];
}
