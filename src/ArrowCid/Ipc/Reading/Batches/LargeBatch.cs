using System.Runtime.InteropServices;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>
/// A batch whose body is too large to hold: its metadata, from which the rows are read in parts. Each part reads only
/// the bytes of its own rows, so that memory follows the part and not the batch.
/// </summary>
internal sealed partial class LargeBatch
{
    private readonly SeekableSource _source;
    private readonly FieldPlan[] _plans;
    private readonly bool _swaps;
    private readonly long _offset, _bodyOffset, _bodyLength;
    private readonly (long Slots, long Nulls)[] _nodes;
    private readonly (long Start, long Length)[] _buffers;
    private readonly long[] _dataBuffers;
    private readonly Dictionary<int, (long Slot, long Run)> _runs = [];
    private readonly int _unit, _partRows;
    private int _node, _buffer, _view;
    private long _next;
    private bool _isRead;

    /// <param name="message">The batch's message.</param>
    /// <param name="source">Where its body is.</param>
    /// <param name="plans">The schema's fields.</param>
    /// <param name="swaps">Whether the body is big-endian.</param>
    /// <param name="options">How large the parts are.</param>
    /// <exception cref="InvalidArrowException">The metadata breaks a rule.</exception>
    public LargeBatch(in IpcMessage message, SeekableSource source, FieldPlan[] plans, bool swaps,
        ArrowReadOptions options)
    {
        (_source, _plans, _swaps) = (source, plans, swaps);
        (_offset, _bodyOffset, _bodyLength) = (message.Offset, message.BodyOffset, message.BodyLength);
        if (_bodyLength > source.Length - _bodyOffset)
        {
            throw new InvalidArrowException("the input ends inside a message's body: " +
                $"{source.Length - _bodyOffset} of {_bodyLength} bytes", offset: _offset);
        }

        FlatTable table = message.Header;
        FlatVector nodes = table.Vector(1, 16), buffers = table.Vector(2, 16), variadic = table.Vector(4, 8);
        _nodes = new (long, long)[nodes.Count];
        for (int i = 0; i < _nodes.Length; i++)
            _nodes[i] = (CheckedSlots(nodes.Long(i), nodes.Offset(i)), nodes.Long(i, 8));
        _buffers = new (long, long)[buffers.Count];
        for (int i = 0; i < _buffers.Length; i++)
            _buffers[i] = Checked(buffers.Long(i), buffers.Long(i, 8), buffers.Offset(i));
        _dataBuffers = new long[variadic.Count];
        for (int i = 0; i < _dataBuffers.Length; i++) _dataBuffers[i] = variadic.Long(i);
        Rows = CheckedSlots(table.Long(0), table.Offset);
        _unit = (int)Math.Clamp(Rows, 1, options.PartRows);
        long average = Math.Max(1, Rows == 0 ? 1 : _bodyLength / Rows);
        long wanted = Math.Clamp(options.PartBytes / average, _unit, int.MaxValue);
        _partRows = (int)(wanted - (wanted % _unit));
    }

    /// <summary>The rows of the whole batch.</summary>
    public long Rows { get; }

    /// <summary>Whether all rows were read.</summary>
    public bool IsAtEnd => _isRead && _next == Rows;

    /// <summary>The columns of the next rows, dictionaries not yet bound.</summary>
    /// <param name="rows">The number of rows; 0 only where the batch has none.</param>
    /// <exception cref="InvalidArrowException">The rows break a rule, or the fewest rows of a part hold a buffer over
    /// the limit.</exception>
    public ArrowArray[] ReadPart(out int rows)
    {
        rows = (int)Math.Min(_partRows, Rows - _next);
        ArrowArray[] columns;
        try
        {
            columns = ReadRows(rows);
        }
        catch (InvalidArrowException e) when (e.Code == ErrorCode.TooLarge && rows > _unit)
        {
            rows = _unit;
            columns = ReadRows(rows);
        }

        _next += rows;
        _isRead = true;
        if (IsAtEnd) _source.MoveTo(_bodyOffset + _bodyLength);
        return columns;
    }

    private ArrowArray[] ReadRows(int rows)
    {
        (_node, _buffer, _view) = (0, 0, 0);
        var columns = new ArrowArray[_plans.Length];
        for (int i = 0; i < columns.Length; i++)
        {
            if (_node < _nodes.Length && _nodes[_node].Slots != Rows)
            {
                throw Refused($"a column has {_nodes[_node].Slots} slots in a batch of {Rows} rows", _plans[i]);
            }

            columns[i] = Read(_plans[i], _next, rows);
        }

        if (_node != _nodes.Length) throw Left(_nodes.Length, "nodes", _node);
        if (_buffer != _buffers.Length) throw Left(_buffers.Length, "buffers", _buffer);
        if (_view != _dataBuffers.Length) throw Left(_dataBuffers.Length, "variadic buffer counts", _view);
        return columns;
    }

    /// <summary>Bytes of one buffer as an array of their own, in this machine's byte order.</summary>
    private byte[] Bytes(int buffer, long from, long count, FieldPlan plan, Swap swap = Swap.None)
    {
        if (count == 0) return [];
        if (count > Array.MaxLength) throw TooLarge($"a buffer of these rows has {count} bytes", plan);
        _source.MoveTo(_bodyOffset + _buffers[buffer].Start + from);
        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)count);
        if (_source.Read(bytes) < bytes.Length) throw Refused("the input ends inside a message's body", plan);
        return _swaps && swap != Swap.None ? ByteOrder.Swapped(bytes, swap) : bytes;
    }

    /// <summary>The values of slots, each of a number of bytes.</summary>
    private byte[] Values(int buffer, long from, long count, long slots, int width, FieldPlan plan, Swap swap)
    {
        if (width > 0 && slots > _buffers[buffer].Length / width)
            throw Refused($"a buffer has {_buffers[buffer].Length} bytes for {slots} values of {width}", plan);
        return Bytes(buffer, from * width, count * width, plan, swap);
    }

    /// <summary>Bits of a bitmap, the first of them moved to bit 0.</summary>
    private byte[] BitsOf(int buffer, long from, int count, long slots, FieldPlan plan)
    {
        if (slots > _buffers[buffer].Length * 8)
            throw Refused($"a bitmap has {_buffers[buffer].Length} bytes for {slots} slots", plan);
        if (count == 0) return [];
        byte[] bytes = Bytes(buffer, from >> 3, ((from + count + 7) >> 3) - (from >> 3), plan);
        if ((from & 7) == 0) return bytes;
        byte[] moved = new byte[Bits.ByteCount(count)];
        Bits.Copy(bytes, (int)(from & 7), moved, 0, count);
        return moved;
    }

    private int NextBuffers(int count, FieldPlan plan)
    {
        if (count > _buffers.Length - _buffer)
            throw Refused($"a batch has {_buffers.Length} buffers, fewer than its columns need", plan);
        int first = _buffer;
        _buffer += count;
        return first;
    }

    private int NextDataBuffers(FieldPlan plan)
    {
        if (_view == _dataBuffers.Length)
        {
            throw Refused(
                $"a batch has {_dataBuffers.Length} variadic buffer counts, fewer than it has columns of views", plan);
        }

        long count = _dataBuffers[_view++];
        if (count < 0 || count > _buffers.Length - _buffer)
        {
            throw Refused($"a column of views has {count} data buffers where {_buffers.Length - _buffer} are left " +
                "in the batch", plan);
        }

        return (int)count;
    }

    /// <summary>A number of slots. Only columns without bytes can claim more than the body has bits.</summary>
    private long CheckedSlots(long slots, long offset) => slots switch
    {
        < 0 => throw new InvalidArrowException($"an array has {slots} slots", offset: offset),
        > int.MaxValue when slots / 8 > _bodyLength => throw new InvalidArrowException(
            $"an array has {slots} slots in a body of {_bodyLength} bytes", offset: offset, code: ErrorCode.TooLarge),
        _ => slots,
    };

    private (long Start, long Length) Checked(long start, long length, long offset)
    {
        if (length == 0) return (0, 0);
        return start < 0 || length < 0 || start > _bodyLength || length > _bodyLength - start
            ? throw new InvalidArrowException(
                $"a buffer of {length} bytes at {start} lies outside its body of {_bodyLength}", offset: offset)
            : (start, length);
    }

    private InvalidArrowException Refused(string rule, FieldPlan plan) => new(rule, plan.Path, offset: _offset);

    private InvalidArrowException TooLarge(string what, FieldPlan plan) =>
        new($"{what}, over 2^31 - 1; use fewer rows per block", plan.Path, offset: _offset, code: ErrorCode.TooLarge);

    private InvalidArrowException Left(int given, string what, int taken) =>
        new($"a batch has {given} {what} where its fields take {taken}", offset: _offset);

    private static Span<int> Ints(byte[] bytes) => MemoryMarshal.Cast<byte, int>(bytes.AsSpan());

    private static Span<long> Longs(byte[] bytes) => MemoryMarshal.Cast<byte, long>(bytes.AsSpan());
}
