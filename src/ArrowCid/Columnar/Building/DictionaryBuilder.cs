namespace ArrowCid.Columnar;

/// <summary>
/// Builds a dictionary column. Values of text, bytes or fixed width are appended as they come and each is stored once;
/// for other values (lists, structs), or entries in a given order, fill <see cref="Values"/> and
/// <see cref="AppendIndex"/>.
/// </summary>
internal sealed class DictionaryBuilder : ArrowArrayBuilder
{
    private readonly ByteBuffer _indices = new();
    private readonly int _width;
    private readonly long _maxIndex;

    /// <summary>Entries by hash of their bytes: a table of entry + 1, 0 for free, probed in line.</summary>
    private int[] _table = new int[16];

    /// <summary>Entries of <see cref="Values"/> that the table knows.</summary>
    private int _known;

    /// <summary>Makes an empty builder.</summary>
    /// <param name="type">The type.</param>
    /// <param name="values">The builder of the entries; made where it is not given.</param>
    /// <exception cref="ArgumentException">A builder of another type than the entries'.</exception>
    public DictionaryBuilder(DictionaryType type, ArrowArrayBuilder? values = null) : base(type)
    {
        Values = Child(type.ValueType, values);
        _width = type.ByteWidth();
        bool isSigned = type.IndexType.Id <= ArrowTypeId.Int64;
        _maxIndex = Math.Min(int.MaxValue, (1L << Math.Min(_width * 8 - (isSigned ? 1 : 0), 32)) - 1);
    }

    /// <summary>The builder of the entries.</summary>
    public ArrowArrayBuilder Values { get; }

    /// <summary>Appends text, or a null.</summary>
    /// <param name="value">The text, or null.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: the entries are not text;
    /// <see cref="ErrorCode.TooLarge"/>: more entries than the indices can count.</exception>
    public void Append(string? value)
    {
        if (value is null)
        {
            AppendNull();
            return;
        }

        if (Values is not BytesBuilder texts) throw Mismatch("text");
        LearnEntries();
        texts.Append(value);
        AppendLast();
    }

    /// <summary>Appends bytes; for text they are UTF-8.</summary>
    /// <param name="value">The bytes.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: the entries are not bytes;
    /// <see cref="ErrorCode.TooLarge"/>: more entries than the indices can count.</exception>
    public void Append(ReadOnlySpan<byte> value)
    {
        if (Values is not BytesBuilder bytes) throw Mismatch("bytes");
        LearnEntries();
        bytes.Append(value);
        AppendLast();
    }

    /// <summary>Appends a value of fixed width.</summary>
    /// <typeparam name="T">The value of the <see cref="FixedBuilder{T}"/> in <see cref="Values"/>.</typeparam>
    /// <param name="value">The value.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: the entries are not such values;
    /// <see cref="ErrorCode.TooLarge"/>: more entries than the indices can count.</exception>
    public void Append<T>(T value) where T : unmanaged
    {
        if (Values is not FixedBuilder<T> numbers) throw Mismatch(typeof(T).Name);
        LearnEntries();
        numbers.Append(value);
        AppendLast();
    }

    /// <summary>Appends an index of an entry that is in <see cref="Values"/>.</summary>
    /// <param name="index">The entry, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">No such entry.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.TooLarge"/>: more than the indices can
    /// count.</exception>
    public void AppendIndex(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Values.Length);
        CheckFits(index);
        Slots.PutIndex(_indices.Extend(_width), _width, 0, index);
        CountValid();
    }

    /// <inheritdoc/>
    public override void AppendNull()
    {
        _indices.Extend(_width);
        CountNull();
    }

    private protected override void CheckWhole() => CheckWhole(Values);

    private protected override ArrowArray BuildArray(ReadOnlyMemory<byte> validity, int nulls)
    {
        Array.Clear(_table);
        _known = 0;
        return new ArrowArray(Type, Length, [validity, _indices.Take()], dictionary: Values.Build(), nullCount: nulls);
    }

    /// <summary>Appends the index of the entry that was just added, or of an equal one before it.</summary>
    private void AppendLast()
    {
        int last = Values.Length - 1;
        int place = Find(Values.SlotBytes(last));
        if (_table[place] is > 0 and var known)
        {
            Values.RemoveLast();
            AppendIndex(known - 1);
            return;
        }

        if (last > _maxIndex)
        {
            Values.RemoveLast();
            CheckFits(last);
        }

        Learn(place, last);
        _known = last + 1;
        AppendIndex(last);
    }

    /// <summary>Takes into the table what the user appended to <see cref="Values"/>.</summary>
    private void LearnEntries()
    {
        for (; _known < Values.Length; _known++)
        {
            if (Values.IsNull(_known)) continue;
            int place = Find(Values.SlotBytes(_known));
            if (_table[place] == 0) Learn(place, _known);
        }
    }

    private void Learn(int place, int entry)
    {
        _table[place] = entry + 1;
        if (entry * 2L + 2 < _table.Length) return;
        _table = new int[_table.Length * 2];
        for (int i = 0; i <= entry; i++)
        {
            if (Values.IsNull(i)) continue;
            int free = Find(Values.SlotBytes(i));
            if (_table[free] == 0) _table[free] = i + 1;
        }
    }

    /// <summary>The place of the entry with these bytes, or the free one where it belongs.</summary>
    private int Find(ReadOnlySpan<byte> bytes)
    {
        var hash = default(HashCode);
        hash.AddBytes(bytes);
        int place = hash.ToHashCode() & _table.Length - 1;
        while (_table[place] is > 0 and var known && !Values.SlotBytes(known - 1).SequenceEqual(bytes))
            place = place + 1 & _table.Length - 1;
        return place;
    }

    private void CheckFits(int index)
    {
        if (index > _maxIndex)
            throw new ArrowCidException(ErrorCode.TooLarge,
                $"{Type} has no index for more than {_maxIndex + 1} entries");
    }

    private ArrowCidException Mismatch(string what) =>
        new(ErrorCode.SchemaMismatch, $"The entries of {Type} are not {what}");
}
