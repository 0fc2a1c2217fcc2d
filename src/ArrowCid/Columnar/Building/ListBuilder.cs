namespace ArrowCid.Columnar;

/// <summary>Builds a column of lists, of any of the five kinds, or of maps. Append the elements to <see cref="Items"/>,
/// then <see cref="Append"/> the list that holds them.</summary>
internal sealed class ListBuilder : ArrowArrayBuilder
{
    private readonly bool _isView;
    private readonly bool _isLong;
    private readonly int _fixedSize = -1;
    private readonly OffsetBuffer _offsets;
    private readonly OffsetBuffer _sizes;
    private int _taken;

    /// <summary>Makes an empty builder.</summary>
    /// <param name="type">A list, large list, list view, large list view, fixed-size list or map.</param>
    /// <param name="items">The builder of the elements (of a map: of its entries); made where it is not given.</param>
    /// <exception cref="ArgumentException">Not a list, or a builder of another type than the elements'.</exception>
    public ListBuilder(NestedType type, ArrowArrayBuilder? items = null) : base(type)
    {
        if (type is not (ListType or FixedSizeListType or MapType))
            throw new ArgumentException($"{type} is not a list or map.", nameof(type));
        Items = Child(type.Children[0].Type, items);
        if (type is FixedSizeListType list) _fixedSize = list.ListSize;
        _isView = type.Id is ArrowTypeId.ListView or ArrowTypeId.LargeListView;
        _isLong = type.Id is ArrowTypeId.LargeList or ArrowTypeId.LargeListView;
        (_offsets, _sizes) = (new OffsetBuffer(_isLong), new OffsetBuffer(_isLong));
    }

    /// <summary>Makes an empty builder of plain lists.</summary>
    /// <param name="items">The builder of the elements.</param>
    public ListBuilder(ArrowArrayBuilder items)
        : this(new ListType(new Field("item", (items ?? throw new ArgumentNullException(nameof(items))).Type)), items)
    {
    }

    /// <summary>The builder of the elements; of a map, a <see cref="StructBuilder"/> of its entries.</summary>
    public ArrowArrayBuilder Items { get; }

    /// <summary>Appends a list of the elements that were appended to <see cref="Items"/> since the last one.</summary>
    /// <exception cref="InvalidOperationException">They are not as many as a fixed-size list has.</exception>
    public void Append()
    {
        int size = Items.Length - _taken;
        if (_fixedSize >= 0 && size != _fixedSize)
            throw new InvalidOperationException($"{size} elements were appended for a slot of {Type}.");
        Close();
        CountValid();
    }

    /// <inheritdoc/>
    public override void AppendNull()
    {
        CheckNothingPending();
        for (int i = 0; i < _fixedSize; i++) Items.AppendNull();
        Close();
        CountNull();
    }

    private protected override void CheckWhole()
    {
        CheckNothingPending();
        CheckWhole(Items);
    }

    private protected override ArrowArray BuildArray(ReadOnlyMemory<byte> validity, int nulls)
    {
        if (_fixedSize < 0 && !_isView) _offsets.Add(_taken);
        ReadOnlyMemory<byte>[] buffers = _fixedSize >= 0 ? [validity]
            : _isView ? [validity, _offsets.Take(), _sizes.Take()]
            : [validity, _offsets.Take()];
        _taken = 0;
        return new ArrowArray(Type, Length, buffers, [Items.Build()], nullCount: nulls);
    }

    private void Close()
    {
        if (_fixedSize < 0) _offsets.Add(_taken);
        if (_isView) _sizes.Add(Items.Length - _taken);
        _taken = Items.Length;
    }

    private void CheckNothingPending()
    {
        if (Items.Length != _taken)
            throw new InvalidOperationException($"{Items.Length - _taken} elements were appended that no list holds.");
    }
}
