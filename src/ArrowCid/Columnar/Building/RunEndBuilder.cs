namespace ArrowCid.Columnar;

/// <summary>Builds a run-end encoded column. Append a value to <see cref="Values"/>, then <see cref="Append"/> the run
/// of it.</summary>
internal sealed class RunEndBuilder : ArrowArrayBuilder
{
    private readonly ArrowTypeId _endType;
    private readonly List<int> _ends = [];

    /// <summary>Makes an empty builder.</summary>
    /// <param name="type">The type.</param>
    /// <param name="values">The builder of the values; made where it is not given.</param>
    /// <exception cref="ArgumentException">A builder of another type than the values'.</exception>
    public RunEndBuilder(RunEndEncodedType type, ArrowArrayBuilder? values = null) : base(type)
    {
        Values = Child(type.Values.Type, values);
        _endType = type.RunEnds.Type.Id;
    }

    /// <summary>The builder of the values, one a run.</summary>
    public ArrowArrayBuilder Values { get; }

    /// <summary>Appends rows that all have the value which was appended to <see cref="Values"/> last.</summary>
    /// <param name="rows">How many, 1 or more.</param>
    /// <exception cref="InvalidOperationException">There is no new value, or more than one.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.TooLarge"/>: more rows than run ends of that type can
    /// count.</exception>
    public void Append(int rows = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        CheckValues(_ends.Count + 1);
        CheckRoom(rows);
        CountValid(rows);
        _ends.Add(Length);
    }

    /// <inheritdoc/>
    public override void AppendNull()
    {
        CheckValues(_ends.Count);
        CheckRoom(1);
        Values.AppendNull();
        Append();
    }

    private protected override void CheckWhole()
    {
        CheckValues(_ends.Count);
        CheckWhole(Values);
    }

    private protected override ArrowArray BuildArray(ReadOnlyMemory<byte> validity, int nulls)
    {
        ArrowArray ends = _endType switch
        {
            ArrowTypeId.Int16 => ArrowArray.From<short>(_ends.ConvertAll(end => (short)end).ToArray()),
            ArrowTypeId.Int32 => ArrowArray.From<int>(_ends.ToArray()),
            _ => ArrowArray.From<long>(_ends.ConvertAll(end => (long)end).ToArray()),
        };
        _ends.Clear();
        return new ArrowArray(Type, Length, [], [ends, Values.Build()]);
    }

    private void CheckRoom(int rows)
    {
        if (_endType == ArrowTypeId.Int16 && rows > short.MaxValue - Length)
            throw new ArrowCidException(ErrorCode.TooLarge, "Run ends of int16 count 32767 rows and no more");
    }

    private void CheckValues(int due)
    {
        if (Values.Length != due)
            throw new InvalidOperationException($"There are {Values.Length} values where {due} are due, one a run.");
    }
}
