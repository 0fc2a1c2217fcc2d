using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>
/// A FlatBuffers table in untrusted bytes: every offset, vtable, vector and string is checked before it is followed.
/// Absent fields read as the given default.
/// </summary>
internal readonly ref struct FlatTable
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly FlatLimits _limits;
    private readonly int _table;
    private readonly int _size;
    private readonly int _vtable;
    private readonly int _slots;

    private FlatTable(ReadOnlySpan<byte> bytes, FlatLimits limits, int table)
    {
        _bytes = bytes;
        (_limits, _table) = (limits, table);
        if (table < 0 || table > bytes.Length - 4) throw limits.Broken("a table lies outside it", table);
        long vtable = (long)table - BinaryPrimitives.ReadInt32LittleEndian(bytes[table..]);
        if (vtable < 0 || vtable > bytes.Length - 4) throw limits.Broken("a vtable lies outside it", table);
        _vtable = (int)vtable;
        int vtableBytes = BinaryPrimitives.ReadUInt16LittleEndian(bytes[_vtable..]);
        _size = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(_vtable + 2)..]);
        if (vtableBytes < 4 || (vtableBytes & 1) != 0 || vtableBytes > bytes.Length - _vtable)
            throw limits.Broken("a vtable has an impossible length", _vtable);
        if (_size < 4 || _size > bytes.Length - table) throw limits.Broken("a table has an impossible length", table);
        _slots = (vtableBytes - 4) / 2;
    }

    /// <summary>Where the table stands in the input, for messages.</summary>
    public long Offset => _limits.Start + _table;

    public FlatLimits Limits => _limits;

    /// <summary>The root table of a flatbuffer.</summary>
    public static FlatTable Root(ReadOnlySpan<byte> bytes, FlatLimits limits)
    {
        if (bytes.Length < 4) throw limits.Broken("it is shorter than its root offset", 0);
        uint root = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (root > (uint)bytes.Length) throw limits.Broken("its root lies outside it", 0);
        return new FlatTable(bytes, limits, (int)root);
    }

    public bool Has(int id) => Slot(id, 1) != 0;

    public byte Byte(int id, byte absent = 0) => Slot(id, 1) is var at && at == 0 ? absent : _bytes[at];

    public bool Flag(int id) => Byte(id) != 0;

    public short Short(int id, short absent = 0) =>
        Slot(id, 2) is var at && at == 0 ? absent : BinaryPrimitives.ReadInt16LittleEndian(_bytes[at..]);

    public int Int(int id, int absent = 0) =>
        Slot(id, 4) is var at && at == 0 ? absent : BinaryPrimitives.ReadInt32LittleEndian(_bytes[at..]);

    public long Long(int id, long absent = 0) =>
        Slot(id, 8) is var at && at == 0 ? absent : BinaryPrimitives.ReadInt64LittleEndian(_bytes[at..]);

    /// <summary>The table that a field refers to.</summary>
    /// <returns>False where the field is absent.</returns>
    public bool TryTable(int id, out FlatTable table)
    {
        table = default;
        int at = Slot(id, 4);
        if (at == 0) return false;
        table = new FlatTable(_bytes, _limits, Follow(at));
        return true;
    }

    /// <summary>A text, checked to be UTF-8; null where absent.</summary>
    public string? Text(int id, string what, FieldPath? fieldPath)
    {
        int at = Slot(id, 4);
        if (at == 0) return null;
        int start = Follow(at);
        int length = Count(start, 1);
        ReadOnlySpan<byte> text = _bytes.Slice(start + 4, length);
        _limits.TakeText(length, start);
        return Utf8.IsValid(text)
            ? Encoding.UTF8.GetString(text)
            : throw new InvalidArrowException($"{what} is not UTF-8", fieldPath, offset: _limits.Start + start);
    }

    /// <summary>A vector of structs, numbers or tables (references of 4 bytes); empty where absent.</summary>
    public FlatVector Vector(int id, int itemBytes)
    {
        int at = Slot(id, 4);
        if (at == 0) return default;
        int start = Follow(at);
        return new FlatVector(_bytes, _limits, start + 4, Count(start, itemBytes), itemBytes);
    }

    internal static FlatTable At(ReadOnlySpan<byte> bytes, FlatLimits limits, int table) => new(bytes, limits, table);

    internal static int Follow(ReadOnlySpan<byte> bytes, FlatLimits limits, int slot)
    {
        long target = (long)slot + BinaryPrimitives.ReadUInt32LittleEndian(bytes[slot..]);
        return target <= bytes.Length - 4 ? (int)target : throw limits.Broken("a reference points outside it", slot);
    }

    private int Follow(int slot) => Follow(_bytes, _limits, slot);

    private int Count(int start, int itemBytes)
    {
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(_bytes[start..]);
        return count <= (uint)(_bytes.Length - start - 4) / (uint)itemBytes
            ? (int)count
            : throw _limits.Broken($"a vector of {count} items of {itemBytes} bytes runs past its end", start);
    }

    /// <summary>The position of a field's bytes; 0 where the field is absent.</summary>
    private int Slot(int id, int width)
    {
        if (id >= _slots) return 0;
        int slot = BinaryPrimitives.ReadUInt16LittleEndian(_bytes[(_vtable + 4 + 2 * id)..]);
        if (slot == 0) return 0;
        return slot >= 4 && slot <= _size - width
            ? _table + slot
            : throw _limits.Broken($"field {id} lies outside its table", _table);
    }
}
