namespace ArrowCid.Columnar;

/// <summary>Builds a column of unions, sparse or dense. Append a value to one child, then <see cref="Append"/> the slot
/// that selects it.</summary>
internal sealed class UnionBuilder : ArrowArrayBuilder
{
    private readonly UnionType _type;
    private readonly ArrowArrayBuilder[] _children;
    private readonly int[] _taken;
    private readonly ByteBuffer _codes = new();
    private readonly OffsetBuffer _offsets = new(isLong: false);

    /// <summary>Makes an empty builder.</summary>
    /// <param name="type">The union.</param>
    /// <param name="children">One builder a child, in order; made where none is given.</param>
    /// <exception cref="ArgumentException">The builders are not those of the children's types.</exception>
    public UnionBuilder(UnionType type, params ArrowArrayBuilder[] children) : base(type)
    {
        (_type, _children) = (type, Fields(type, children));
        _taken = new int[_children.Length];
    }

    /// <summary>The builder of a child.</summary>
    /// <param name="index">The child, from 0 (not its type code).</param>
    public ArrowArrayBuilder this[int index] => _children[index];

    /// <summary>Appends a slot with the value that was appended to a child; the other children of a sparse union get a
    /// null.</summary>
    /// <param name="child">The child, from 0 (not its type code).</param>
    /// <exception cref="InvalidOperationException">That child has no new value, or another has one.</exception>
    public void Append(int child)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(child);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(child, _children.Length);
        CheckChildren(child);
        _codes.Extend(1)[0] = (byte)_type.TypeCodes[child];
        if (_type.Id == ArrowTypeId.DenseUnion) _offsets.Add(_taken[child]);
        for (int i = 0; i < _children.Length; i++)
        {
            if (_type.Id == ArrowTypeId.SparseUnion && i != child) _children[i].AppendNull();
            _taken[i] = _children[i].Length;
        }

        CountValid();
    }

    /// <inheritdoc/>
    public override void AppendNull()
    {
        if (_children.Length == 0) throw new InvalidOperationException("A union without children has no values.");
        CheckChildren(-1);
        _children[0].AppendNull();
        Append(0);
    }

    private protected override void CheckWhole()
    {
        CheckChildren(-1);
        foreach (ArrowArrayBuilder child in _children) CheckWhole(child);
    }

    private protected override ArrowArray BuildArray(ReadOnlyMemory<byte> validity, int nulls)
    {
        ReadOnlyMemory<byte>[] buffers = _type.Id == ArrowTypeId.DenseUnion
            ? [_codes.Take(), _offsets.Take()]
            : [_codes.Take()];
        Array.Clear(_taken);
        return new ArrowArray(Type, Length, buffers, Array.ConvertAll(_children, child => child.Build()));
    }

    private void CheckChildren(int selected)
    {
        for (int i = 0; i < _children.Length; i++)
        {
            int due = _taken[i] + (i == selected ? 1 : 0);
            if (_children[i].Length == due) continue;
            throw new InvalidOperationException(
                $"Child '{Type.Children[i].Name}' has {_children[i].Length} values where {due} are due.");
        }
    }
}
