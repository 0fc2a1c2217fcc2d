using System.Buffers.Binary;

namespace ArrowCid.Tests.Canonical;

/// <summary>A flatbuffer written front to back (section 2), a list of bytes that grows.</summary>
internal abstract class FlatObject
{
    /// <summary>Appends the object and says where a reference to it points.</summary>
    public abstract int Write(List<byte> to);

    public static byte[] Root(FlatObject root)
    {
        List<byte> bytes = [0, 0, 0, 0];
        Patch(bytes, 0, root.Write(bytes));
        return [.. bytes];
    }

    protected static void Patch(List<byte> bytes, int at, int value)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(four, value);
        for (int i = 0; i < 4; i++) bytes[at + i] = four[i];
    }

    protected static void Zeros(List<byte> bytes, int until, int ahead = 0)
    {
        while ((bytes.Count + ahead) % until != 0) bytes.Add(0);
    }

    protected static void Add(List<byte> bytes, long value, int width)
    {
        for (int i = 0; i < width; i++) bytes.Add((byte)(value >> 8 * i));
    }
}

/// <summary>A table; a field that is never set is absent.</summary>
internal sealed class FlatTable : FlatObject
{
    private readonly SortedDictionary<int, (int Width, long Scalar, FlatObject? Target)> _fields = [];

    public FlatTable Bool(int id, bool value) => Scalar(id, 1, value ? 1 : 0);

    public FlatTable Byte(int id, int value) => Scalar(id, 1, value);

    public FlatTable Short(int id, int value) => Scalar(id, 2, value);

    public FlatTable Int(int id, int value) => Scalar(id, 4, value);

    public FlatTable Long(int id, long value) => Scalar(id, 8, value);

    public FlatTable Reference(int id, FlatObject? target)
    {
        if (target is not null) _fields[id] = (4, 0, target);
        return this;
    }

    /// <summary>Leaves a scalar out where it is the format's default, as other builders do.</summary>
    public FlatTable Omit(int id, long ifItIs)
    {
        if (_fields.TryGetValue(id, out (int Width, long Scalar, FlatObject? Target) field) && field.Target is null
            && field.Scalar == ifItIs)
            _fields.Remove(id);
        return this;
    }

    public FlatTable OmitReference(int id)
    {
        _fields.Remove(id);
        return this;
    }

    public override int Write(List<byte> to)
    {
        int size = 4;
        var places = new Dictionary<int, int>();
        foreach ((int id, (int width, _, _)) in _fields)
        {
            while (size % width != 0) size++;
            places[id] = size;
            size += width;
        }

        int last = _fields.Count == 0 ? -1 : _fields.Keys.Max();
        int vtable = 4 + 2 * (last + 1);
        Zeros(to, 8, vtable);
        Add(to, vtable, 2);
        Add(to, size, 2);
        for (int id = 0; id <= last; id++) Add(to, places.GetValueOrDefault(id), 2);
        int table = to.Count;
        Add(to, vtable, 4);
        while (to.Count < table + size) to.Add(0);
        foreach ((int id, (int width, long scalar, _)) in _fields)
        {
            for (int i = 0; i < width; i++) to[table + places[id] + i] = (byte)(scalar >> 8 * i);
        }

        foreach ((int id, (_, _, FlatObject? target)) in _fields)
        {
            if (target is null) continue;
            int slot = table + places[id];
            Patch(to, slot, target.Write(to) - slot);
        }

        return table;
    }

    private FlatTable Scalar(int id, int width, long value)
    {
        _fields[id] = (width, value, null);
        return this;
    }
}

internal sealed class FlatString(byte[] utf8) : FlatObject
{
    public override int Write(List<byte> to)
    {
        Zeros(to, 4);
        int place = to.Count;
        Add(to, utf8.Length, 4);
        to.AddRange(utf8);
        to.Add(0);
        return place;
    }
}

internal sealed class FlatTables(params FlatObject[] tables) : FlatObject
{
    public override int Write(List<byte> to)
    {
        Zeros(to, 4);
        int place = to.Count;
        Add(to, tables.Length, 4);
        foreach (FlatObject _ in tables) Add(to, 0, 4);
        for (int i = 0; i < tables.Length; i++)
        {
            int slot = place + 4 + 4 * i;
            Patch(to, slot, tables[i].Write(to) - slot);
        }

        return place;
    }
}

/// <summary>A vector of int64 or of structs of them, or of int32.</summary>
internal sealed class FlatNumbers(int count, IEnumerable<long> numbers, int width = 8) : FlatObject
{
    public override int Write(List<byte> to)
    {
        if (width == 8) Zeros(to, 8, 4);
        else Zeros(to, 4);
        int place = to.Count;
        Add(to, count, 4);
        foreach (long number in numbers) Add(to, number, width);
        return place;
    }
}
