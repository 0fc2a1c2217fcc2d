using System.Buffers.Binary;
using System.Text;

namespace ArrowCid.Tests.Ipc;

/// <summary>
/// FlatBuffers of any shape, broken ones too. A value's CLR type gives a field's width; a string, a <see cref="Flat"/>,
/// an array of these or a <see cref="FlatRaw"/> is a reference; null leaves the field out.
/// </summary>
internal sealed class Flat(params (int Id, object? Value)[] fields)
{
    private (int Id, object Value)[] Present { get; } =
        [.. fields.Where(field => field.Value is not null).Select(field => (field.Id, field.Value!)).OrderBy(field => field.Id)];

    /// <summary>The flatbuffer with this table as its root.</summary>
    public byte[] ToBytes()
    {
        var bytes = new List<byte>(new byte[4]);
        Put(bytes, 0, 4, Emit(bytes, this));
        return [.. bytes];
    }

    private static int Emit(List<byte> to, object value) => value switch
    {
        Flat table => EmitTable(to, table),
        string text => EmitRaw(to, new FlatRaw(Encoding.UTF8.GetBytes(text), 1) { Terminated = true }),
        FlatRaw raw => EmitRaw(to, raw),
        Flat[] tables => EmitVector(to, tables),
        _ => throw new ArgumentException(value.GetType().Name),
    };

    private static int EmitTable(List<byte> to, Flat table)
    {
        int last = table.Present.Length == 0 ? -1 : table.Present[^1].Id;
        int size = 4;
        var slots = new Dictionary<int, int>();
        foreach ((int id, object value) in table.Present)
        {
            int width = Width(value);
            size = (size + width - 1) / width * width;
            slots[id] = size;
            size += width;
        }

        int vtable = 4 + 2 * (last + 1);
        Pad(to, 8, vtable);
        AddNumber(to, 2, vtable);
        AddNumber(to, 2, size);
        for (int id = 0; id <= last; id++) AddNumber(to, 2, slots.GetValueOrDefault(id));
        int at = to.Count;
        AddNumber(to, 4, vtable);
        to.AddRange(new byte[size - 4]);
        foreach ((int id, object value) in table.Present)
        {
            int slot = at + slots[id];
            if (IsReference(value)) Put(to, slot, 4, Emit(to, value) - slot);
            else Put(to, slot, Width(value), Number(value));
        }

        return at;
    }

    private static int EmitRaw(List<byte> to, FlatRaw raw)
    {
        Pad(to, raw.ItemBytes >= 8 ? 8 : 4, raw.ItemBytes >= 8 ? 4 : 0);
        int at = to.Count;
        AddNumber(to, 4, raw.Count ?? (long)(raw.Bytes.Length / raw.ItemBytes));
        to.AddRange(raw.Bytes);
        if (raw.Terminated) to.Add(0);
        return at;
    }

    private static int EmitVector(List<byte> to, Flat[] tables)
    {
        Pad(to, 4);
        int at = to.Count;
        AddNumber(to, 4, tables.Length);
        to.AddRange(new byte[4 * tables.Length]);
        for (int i = 0; i < tables.Length; i++)
        {
            int slot = at + 4 + 4 * i;
            Put(to, slot, 4, Emit(to, tables[i]) - slot);
        }

        return at;
    }

    private static bool IsReference(object value) => value is string or Flat or Flat[] or FlatRaw;

    private static int Width(object value) => value switch
    {
        bool or byte => 1,
        short => 2,
        long => 8,
        _ => 4,
    };

    private static long Number(object value) => value switch
    {
        bool flag => flag ? 1 : 0,
        byte small => small,
        short number => number,
        int number => number,
        _ => (long)value,
    };

    private static void AddNumber(List<byte> to, int width, long value)
    {
        to.AddRange(new byte[width]);
        Put(to, to.Count - width, width, value);
    }

    private static void Put(List<byte> to, int at, int width, long value)
    {
        for (int i = 0; i < width; i++) to[at + i] = (byte)(value >> 8 * i);
    }

    private static void Pad(List<byte> to, int multiple, int ahead = 0)
    {
        while ((to.Count + ahead) % multiple != 0) to.Add(0);
    }
}

/// <summary>A vector of numbers, structs or bytes.</summary>
internal sealed class FlatRaw(byte[] bytes, int itemBytes)
{
    public byte[] Bytes { get; } = bytes;

    public int ItemBytes { get; } = itemBytes;

    public bool Terminated { get; init; }

    /// <summary>A count that is a lie, or null.</summary>
    public uint? Count { get; init; }

    public static FlatRaw Longs(params long[] values)
    {
        byte[] bytes = new byte[8 * values.Length];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8 * i), values[i]);
        return new FlatRaw(bytes, 8);
    }

    /// <summary>Structs of two int64: nodes and buffers.</summary>
    public static FlatRaw Pairs(params (long, long)[] values) =>
        new(Longs([.. values.SelectMany(pair => new[] { pair.Item1, pair.Item2 })]).Bytes, 16);

    public static FlatRaw Ints(params int[] values)
    {
        byte[] bytes = new byte[4 * values.Length];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4 * i), values[i]);
        return new FlatRaw(bytes, 4);
    }
}
