using System.Text;
using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>Thrift's compact protocol: fields in rising order of their ids, structs nested as they are begun and
/// ended.</summary>
internal sealed class ThriftWriter
{
    private readonly ByteBuffer _bytes = new();
    private readonly Stack<int> _outer = new();
    private int _last;

    public ReadOnlySpan<byte> Written => _bytes.Written;

    public ReadOnlyMemory<byte> Take() => _bytes.Take();

    /// <summary>Begins a struct that is an item of a list, or the whole message.</summary>
    public void Begin()
    {
        _outer.Push(_last);
        _last = 0;
    }

    public void Begin(int id)
    {
        Head(id, ThriftType.Struct);
        Begin();
    }

    public void End()
    {
        Byte(0);
        _last = _outer.Pop();
    }

    /// <summary>A field that is a struct without fields.</summary>
    public void Empty(int id)
    {
        Begin(id);
        End();
    }

    public void Int(int id, int value)
    {
        Head(id, ThriftType.I32);
        ZigZag(value);
    }

    public void Long(int id, long value)
    {
        Head(id, ThriftType.I64);
        ZigZag(value);
    }

    public void Long(int id, long? value)
    {
        if (value is { } known) Long(id, known);
    }

    public void Byte(int id, sbyte value)
    {
        Head(id, ThriftType.Byte);
        Byte((byte)value);
    }

    public void Flag(int id, bool value) => Head(id, value ? ThriftType.True : ThriftType.False);

    public void Text(int id, string value)
    {
        Head(id, ThriftType.Binary);
        Text(value);
    }

    public void Binary(int id, ReadOnlySpan<byte> value)
    {
        Head(id, ThriftType.Binary);
        Binary(value);
    }

    public void List(int id, ThriftType item, int count)
    {
        Head(id, ThriftType.List);
        if (count < 15)
        {
            Byte((byte)(count << 4 | (int)item));
            return;
        }

        Byte((byte)(0xF0 | (int)item));
        Varint((ulong)count);
    }

    public void ListLong(long value) => ZigZag(value);

    public void ListFlag(bool value) => Byte((byte)(value ? ThriftType.True : ThriftType.False));

    public void Text(string value) => Binary(Encoding8.GetBytes(value));

    public void Binary(ReadOnlySpan<byte> value)
    {
        Varint((ulong)value.Length);
        value.CopyTo(_bytes.Extend(value.Length));
    }

    private static UTF8Encoding Encoding8 { get; } = new(false, throwOnInvalidBytes: true);

    private void Head(int id, ThriftType type)
    {
        int delta = id - _last;
        if (delta is > 0 and <= 15)
        {
            Byte((byte)(delta << 4 | (int)type));
        }
        else
        {
            Byte((byte)type);
            ZigZag(id);
        }

        _last = id;
    }

    private void ZigZag(long value) => Varint((ulong)(value << 1 ^ value >> 63));

    private void Varint(ulong value)
    {
        while (value >= 0x80)
        {
            Byte((byte)(value | 0x80));
            value >>= 7;
        }

        Byte((byte)value);
    }

    private void Byte(byte value) => _bytes.Extend(1)[0] = value;
}
