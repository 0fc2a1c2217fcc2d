using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>
/// One RecordBatch table and its body as arrays, dictionaries not yet bound. Arrow's pre-order is followed once: nodes,
/// buffers and variadic counts are taken as the fields ask for them.
/// </summary>
internal ref struct BatchDecoder
{
    // What the objects around one array take, roughly; it keeps many small arrays within the budget.
    private const int ArrayOverhead = 256;

    private readonly IpcMessage _message;
    private BufferDecoder _buffers;
    private readonly ByteBudget _budget;
    private readonly FlatTable _table;
    private readonly FlatVector _nodes;
    private readonly FlatVector _variadic;
    private bool _runsHaveBitmaps;
    private int _node;
    private int _view;

    public BatchDecoder(in IpcMessage message, FlatTable table, bool swap, ByteBudget budget, IpcTraits traits)
    {
        _message = message;
        _table = table;
        _budget = budget;
        long length = table.Long(0);
        if (length is < 0 or > int.MaxValue)
        {
            throw new InvalidArrowException($"a batch has {length} rows; it may have 0 to 2^31 - 1",
                offset: table.Offset, code: length < 0 ? ErrorCode.InvalidData : ErrorCode.TooLarge);
        }

        Length = (int)length;
        _nodes = table.Vector(1, 16);
        _variadic = table.Vector(4, 8);
        _buffers = new BufferDecoder(message, table, swap, budget, traits);
    }

    /// <summary>The batch's rows.</summary>
    public int Length { get; }

    /// <summary>The columns; nothing may be left over.</summary>
    public ArrowArray[] Columns(FieldPlan[] plans)
    {
        if (_message.Version == IpcMessage.V4)
        {
            long needed = 0;
            foreach (FieldPlan plan in plans) needed += BuffersOf(plan, plan.Field.Type);
            LookForRunBitmaps(needed);
        }

        var columns = new ArrowArray[plans.Length];
        for (int i = 0; i < plans.Length; i++) columns[i] = Top(plans[i], plans[i].Field.Type);
        Finish();
        return columns;
    }

    /// <summary>One of the columns of a block, of which the body may be the only part that is there.</summary>
    public ArrowArray Column(FieldPlan[] plans, int index)
    {
        if (_message.Version == IpcMessage.V4)
            throw new InvalidArrowException("a block's metadata is of version V5", offset: _message.Offset);
        foreach (FieldPlan plan in plans.AsSpan(0, index)) Skip(plan, plan.Field.Type);
        ArrowArray column = Top(plans[index], plans[index].Field.Type);
        foreach (FieldPlan plan in plans.AsSpan(index + 1)) Skip(plan, plan.Field.Type);
        Finish();
        return column;
    }

    /// <summary>The values of a dictionary-encoded field.</summary>
    public ArrowArray DictionaryValues(FieldPlan plan)
    {
        ArrowType type = ((DictionaryType)plan.Field.Type).ValueType;
        if (_message.Version == IpcMessage.V4) LookForRunBitmaps(BuffersOf(plan, type));
        ArrowArray values = Top(plan, type);
        Finish();
        return values;
    }

    private ArrowArray Top(FieldPlan plan, ArrowType type)
    {
        long at = _node < _nodes.Count ? _nodes.Offset(_node) : _table.Offset;
        ArrowArray column = Array(plan, type);
        return column.Length == Length
            ? column
            : throw new InvalidArrowException($"a column has {column.Length} slots in a batch of {Length} rows",
                plan.Path, offset: at);
    }

    private ArrowArray Array(FieldPlan plan, ArrowType type)
    {
        if (_node == _nodes.Count)
        {
            throw new InvalidArrowException($"a batch has {_nodes.Count} nodes, fewer than the schema has fields",
                plan.Path, offset: _table.Offset);
        }

        _budget.Take(ArrayOverhead, plan.Path, _table.Offset);
        long at = _nodes.Offset(_node), length = _nodes.Long(_node), nulls = _nodes.Long(_node, 8);
        _node++;
        if (length is < 0 or > int.MaxValue)
        {
            throw new InvalidArrowException($"an array has {length} slots; it may have 0 to 2^31 - 1",
                plan.Path, offset: at, code: length < 0 ? ErrorCode.InvalidData : ErrorCode.TooLarge);
        }

        if (nulls < -1 || nulls > length)
        {
            throw new InvalidArrowException($"a null count of {nulls} in {length} slots is impossible", plan.Path,
                offset: at);
        }

        BufferLayout layout = type.Layout();
        if (layout == BufferLayout.RunEnds ? _runsHaveBitmaps : HasV4Bitmap(layout))
            TakeNeedlessValidity(plan, (int)length, nulls, at);
        ReadOnlyMemory<byte>[] buffers = Buffers(plan, type, layout);
        ArrowArray[] children = type is DictionaryType ? [] : Children(plan);
        try
        {
            int claimed = layout.HasValidity() ? (int)nulls : -1;
            return new ArrowArray(type, (int)length, buffers, children, nullCount: claimed);
        }
        catch (InvalidArrowException e)
        {
            throw new InvalidArrowException(e.Rule, plan.Path, offset: at, code: e.Code);
        }
    }

    private void Skip(FieldPlan plan, ArrowType type)
    {
        if (_node++ >= _nodes.Count)
        {
            throw new InvalidArrowException($"a batch has {_nodes.Count} nodes, fewer than the schema has fields",
                plan.Path, offset: _table.Offset);
        }

        BufferLayout layout = type.Layout();
        _buffers.Skip(layout.BufferCount(), plan.Path);
        if (layout == BufferLayout.ByteViews) _buffers.Skip(Variadic(plan), plan.Path);
        if (type is DictionaryType) return;
        foreach (FieldPlan child in plan.Children) Skip(child, child.Field.Type);
    }

    private ArrowArray[] Children(FieldPlan plan)
    {
        if (plan.Children.Length == 0) return [];
        var children = new ArrowArray[plan.Children.Length];
        for (int i = 0; i < children.Length; i++) children[i] = Array(plan.Children[i], plan.Children[i].Field.Type);
        return children;
    }

    private ReadOnlyMemory<byte>[] Buffers(FieldPlan plan, ArrowType type, BufferLayout layout)
    {
        int variadic = layout == BufferLayout.ByteViews ? Variadic(plan) : 0;
        int fixedCount = layout.BufferCount();
        if (fixedCount + variadic == 0) return [];
        var buffers = new ReadOnlyMemory<byte>[fixedCount + variadic];
        for (int i = 0; i < buffers.Length; i++)
        {
            Swap swap = i < fixedCount ? ByteOrder.Of(type, layout, i) : Swap.None;
            buffers[i] = _buffers.Next(plan.Path, swap);
        }

        return buffers;
    }

    private int Variadic(FieldPlan plan)
    {
        if (_view == _variadic.Count)
        {
            throw new InvalidArrowException(
                $"a batch has {_variadic.Count} variadic buffer counts, fewer than it has columns of views",
                plan.Path, offset: _table.Offset);
        }

        long count = _variadic.Long(_view);
        if (count < 0 || count > _buffers.Remaining)
        {
            throw new InvalidArrowException(
                $"a column of views has {count} data buffers where {_buffers.Remaining} are left in the batch",
                plan.Path, offset: _variadic.Offset(_view));
        }

        _view++;
        return (int)count;
    }

    private readonly bool HasV4Bitmap(BufferLayout layout) =>
        _message.Version == IpcMessage.V4 && layout is BufferLayout.SparseUnion or BufferLayout.DenseUnion;

    /// <summary>
    /// Run-end columns are younger than V4, whose unions have a bitmap. Asked for V4, Arrow's writers give run-end
    /// columns one too, which V4 does not say: the number of buffers tells.
    /// </summary>
    private void LookForRunBitmaps(long needed)
    {
        for (int i = 0; i < _variadic.Count; i++) needed += Math.Clamp(_variadic.Long(i), 0, _buffers.Count);
        _runsHaveBitmaps = _buffers.Count > needed;
    }

    /// <summary>The buffers of a field without its views' data and its run-end columns' bitmaps.</summary>
    private readonly long BuffersOf(FieldPlan plan, ArrowType type)
    {
        BufferLayout layout = type.Layout();
        long count = layout.BufferCount() + (HasV4Bitmap(layout) ? 1 : 0);
        if (layout == BufferLayout.Dictionary) return count;
        foreach (FieldPlan child in plan.Children) count += BuffersOf(child, child.Field.Type);
        return count;
    }

    /// <summary>A bitmap that can say nothing but that no slot is null.</summary>
    private void TakeNeedlessValidity(FieldPlan plan, int length, long nulls, long offset)
    {
        ReadOnlySpan<byte> bits = _buffers.Next(plan.Path, Swap.None).Span;
        if (!bits.IsEmpty && bits.Length < Bits.ByteCount(length))
        {
            throw new InvalidArrowException($"the validity bitmap has {bits.Length} bytes for {length} slots",
                plan.Path, offset: offset);
        }

        int zeros = bits.IsEmpty ? 0 : length - Bits.Count(bits, 0, length);
        if (zeros > 0)
        {
            throw new InvalidArrowException("a union or run-end column of metadata version V4 has a null", plan.Path,
                offset: offset);
        }

        if (nulls > 0)
        {
            throw new InvalidArrowException($"a null count of {nulls} disagrees with a bitmap without nulls",
                plan.Path, offset: offset);
        }
    }

    private readonly void Finish()
    {
        if (_node != _nodes.Count)
            throw Left(_nodes.Count, "nodes", _node);
        if (_buffers.Remaining != 0)
            throw Left(_buffers.Count, "buffers", _buffers.Count - _buffers.Remaining);
        if (_view != _variadic.Count)
            throw Left(_variadic.Count, "variadic buffer counts", _view);
    }

    private readonly InvalidArrowException Left(int given, string what, int taken) =>
        new($"a batch has {given} {what} where its fields take {taken}", offset: _table.Offset);
}
