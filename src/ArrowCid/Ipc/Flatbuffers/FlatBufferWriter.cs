using System.Buffers.Binary;
using System.Text;

namespace ArrowCid.Ipc;

/// <summary>
/// FlatBuffers front to back in the one layout of canonical-block.md, section 2: nothing shared, a vtable right before
/// its table, slots in id order. Positions count from <see cref="Begin"/>.
/// </summary>
internal sealed class FlatBufferWriter
{
    private static readonly UTF8Encoding s_strict =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private byte[] _bytes = new byte[1024];
    private int _origin;

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    /// <summary>
    /// Starts an encapsulated message: the continuation marker, space for its length, and the root's offset.
    /// </summary>
    public void Begin()
    {
        int start = Length;
        BinaryPrimitives.WriteUInt32LittleEndian(Take(4), 0xFFFFFFFF);
        Take(4);
        _origin = Length;
        Take(4);
        if (start % BlockFormat.Alignment != 0)
            throw new InvalidOperationException("A message starts at a multiple of 64.");
    }

    /// <summary>Ends the message begun last: its root, zeros to a multiple of 64, and its length.</summary>
    public void End(int root)
    {
        Write32(_origin, (uint)(root - _origin));
        Take(-Length & (BlockFormat.Alignment - 1));
        Write32(_origin - 4, (uint)(Length - _origin));
    }

    /// <summary>A table whose field <c>id</c> has <c>widths[id]</c> bytes (0: absent), all zero.</summary>
    /// <returns>The table's position.</returns>
    public int Table(ReadOnlySpan<byte> widths)
    {
        int vtableLength = 4 + 2 * widths.Length;
        PadTo(8, vtableLength);
        int vtable = Length;
        Take(vtableLength);
        int size = 4;
        for (int id = 0; id < widths.Length; id++)
        {
            if (widths[id] == 0) continue;
            size = size + widths[id] - 1 & -widths[id];
            Write16(vtable + 4 + 2 * id, (ushort)size);
            size += widths[id];
        }

        Write16(vtable, (ushort)vtableLength);
        Write16(vtable + 2, (ushort)size);
        int table = Length;
        Take(size);
        Write32(table, (uint)vtableLength);
        return table;
    }

    public void Set8(int table, int id, int value) => _bytes[Slot(table, id)] = (byte)value;

    public void Set16(int table, int id, int value) => Write16(Slot(table, id), (ushort)value);

    public void Set32(int table, int id, int value) => Write32(Slot(table, id), (uint)value);

    public void Set64(int table, int id, long value) => Write64(Slot(table, id), value);

    /// <summary>Makes a reference field point at an object that was written after its table.</summary>
    public void Link(int table, int id, int position)
    {
        int slot = Slot(table, id);
        Write32(slot, (uint)(position - slot));
    }

    public int Text(string text)
    {
        PadTo(4);
        int at = Length;
        int bytes = s_strict.GetByteCount(text);
        Span<byte> target = Take(4 + bytes + 1);
        BinaryPrimitives.WriteInt32LittleEndian(target, bytes);
        s_strict.GetBytes(text, target[4..]);
        return at;
    }

    /// <summary>
    /// A vector of <paramref name="count"/> references, to be set with <see cref="LinkItem"/> in order.
    /// </summary>
    public int TableVector(int count)
    {
        PadTo(4);
        int at = Length;
        BinaryPrimitives.WriteInt32LittleEndian(Take(4 + 4 * count), count);
        return at;
    }

    public void LinkItem(int vector, int index, int position)
    {
        int slot = vector + 4 + 4 * index;
        Write32(slot, (uint)(position - slot));
    }

    /// <summary>A vector of <paramref name="count"/> items of int64s, all zero; returns its position.</summary>
    public int WideVector(int count, int itemBytes)
    {
        PadTo(8, 4);
        int at = Length;
        BinaryPrimitives.WriteInt32LittleEndian(Take(checked(4 + count * itemBytes)), count);
        return at;
    }

    /// <summary>A vector of int32.</summary>
    public int Int32Vector(ReadOnlySpan<sbyte> values)
    {
        PadTo(4);
        int at = Length;
        Span<byte> target = Take(4 + 4 * values.Length);
        BinaryPrimitives.WriteInt32LittleEndian(target, values.Length);
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(target[(4 + 4 * i)..], values[i]);
        return at;
    }

    public void Write64(int position, long value) =>
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.AsSpan(position), value);

    private void Write32(int position, uint value) =>
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(position), value);

    private void Write16(int position, ushort value) =>
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(position), value);

    /// <summary>Where a field of a table stands.</summary>
    public int Slot(int table, int id)
    {
        int vtable = table - BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(table));
        return table + BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(vtable + 4 + 2 * id));
    }

    private void PadTo(int alignment, int ahead = 0) => Take(-(Length - _origin + ahead) & (alignment - 1));

    private Span<byte> Take(int count)
    {
        if (_bytes.Length - Length < count)
            Array.Resize(ref _bytes, checked(Math.Max(2 * _bytes.Length, Length + count)));
        Span<byte> taken = _bytes.AsSpan(Length, count);
        taken.Clear();
        Length += count;
        return taken;
    }
}
