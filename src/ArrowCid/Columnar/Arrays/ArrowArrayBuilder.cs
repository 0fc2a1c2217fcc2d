namespace ArrowCid.Columnar;

/// <summary>
/// Makes an array slot by slot. <see cref="For"/> gives the builder of any type; what is appended depends on it:
/// <list type="bullet">
/// <item><see cref="FixedBuilder{T}"/>: booleans, numbers, decimals, dates, times, intervals;</item>
/// <item><see cref="BytesBuilder"/>: text, binary, fixed-size binary and decimal256;</item>
/// <item><see cref="ListBuilder"/>: every kind of list, and maps; <see cref="StructBuilder"/>;
/// <see cref="UnionBuilder"/>;</item>
/// <item><see cref="DictionaryBuilder"/> and <see cref="RunEndBuilder"/>;</item>
/// <item>the null type has nothing to append but <see cref="AppendNull"/>.</item>
/// </list>
/// A slot is appended after what it holds: first the elements or fields, then the list or struct. Not thread-safe.
/// </summary>
/// <remarks>A buffer over 2^31 - 57 bytes ends in an <see cref="ArrowCidException"/> with
/// <see cref="ErrorCode.TooLarge"/>. A builder takes a null everywhere: whether a field may hold one is checked when
/// the batch is encoded.</remarks>
internal abstract class ArrowArrayBuilder
{
    private readonly ByteBuffer _validity = new();
    private int _nulls;

    private protected ArrowArrayBuilder(ArrowType type)
    {
        ArgumentNullException.ThrowIfNull(type);
        Type = type;
    }

    /// <summary>The type of the array.</summary>
    public ArrowType Type { get; }

    /// <summary>Slots so far.</summary>
    public int Length { get; private set; }

    /// <summary>Appends a null. In a union, which has none of its own, a null of the first child.</summary>
    public abstract void AppendNull();

    /// <summary>Makes the array of what was appended. The builder is empty then and can be used again; the array owns
    /// its memory.</summary>
    /// <returns>The array.</returns>
    /// <exception cref="InvalidOperationException">Elements or fields were appended that no slot holds.</exception>
    public ArrowArray Build()
    {
        CheckWhole();
        ArrowArray array = BuildArray(_nulls > 0 ? _validity.Take() : default, _nulls);
        _validity.Take();
        (Length, _nulls) = (0, 0);
        return array;
    }

    /// <summary>The builder of a type; see the class for which it is.</summary>
    /// <param name="type">Any type. The values of numbers are as in <see cref="Column{T}"/>: a
    /// <see cref="FixedBuilder{T}"/> of <see cref="long"/> for a timestamp, of <see cref="Int128"/> for a decimal128,
    /// and of <see cref="bool"/> for booleans.</param>
    /// <returns>An empty builder.</returns>
    public static ArrowArrayBuilder For(ArrowType type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return type switch
        {
            ListType or FixedSizeListType or MapType => new ListBuilder((NestedType)type),
            StructType fields => new StructBuilder(fields),
            UnionType union => new UnionBuilder(union),
            DictionaryType dictionary => new DictionaryBuilder(dictionary),
            RunEndEncodedType runs => new RunEndBuilder(runs),
            _ => ForPlain(type),
        };
    }

    private static ArrowArrayBuilder ForPlain(ArrowType type) => type.Id switch
    {
        ArrowTypeId.Null => new NullBuilder(),
        ArrowTypeId.Boolean => new FixedBuilder<bool>(type),
        ArrowTypeId.Int8 => new FixedBuilder<sbyte>(type),
        ArrowTypeId.Int16 => new FixedBuilder<short>(type),
        ArrowTypeId.UInt8 => new FixedBuilder<byte>(type),
        ArrowTypeId.UInt16 => new FixedBuilder<ushort>(type),
        ArrowTypeId.UInt32 => new FixedBuilder<uint>(type),
        ArrowTypeId.UInt64 => new FixedBuilder<ulong>(type),
        ArrowTypeId.Float16 => new FixedBuilder<Half>(type),
        ArrowTypeId.Float32 => new FixedBuilder<float>(type),
        ArrowTypeId.Float64 => new FixedBuilder<double>(type),
        ArrowTypeId.Decimal128 => new FixedBuilder<Int128>(type),
        ArrowTypeId.IntervalDayTime => new FixedBuilder<DayTimeInterval>(type),
        ArrowTypeId.IntervalMonthDayNano => new FixedBuilder<MonthDayNanoInterval>(type),
        ArrowTypeId.Decimal256 => new BytesBuilder(type),
        _ when type.Layout() != BufferLayout.Fixed || type is FixedSizeBinaryType => new BytesBuilder(type),
        _ when type.ByteWidth() == sizeof(int) => new FixedBuilder<int>(type),
        _ => new FixedBuilder<long>(type),
    };

    /// <summary>Refuses what was appended to a child and that no slot holds, before anything is taken apart.</summary>
    private protected virtual void CheckWhole()
    {
    }

    private protected abstract ArrowArray BuildArray(ReadOnlyMemory<byte> validity, int nulls);

    /// <summary>The bytes of a slot that was appended, where slots are bytes.</summary>
    internal virtual ReadOnlySpan<byte> SlotBytes(int index) => throw new NotSupportedException();

    internal bool IsNull(int index) => _nulls > 0 && !Bits.Get(_validity.Written, index);

    /// <summary>Takes back the last slot, which is not null.</summary>
    internal virtual void RemoveLast() => throw new NotSupportedException();

    private protected void CountValid(int slots = 1)
    {
        int before = Length;
        Grow(slots);
        if (_nulls > 0) MarkValid(before, slots);
    }

    private protected void CountNull()
    {
        int before = Length;
        Grow(1);
        if (_nulls++ == 0) MarkValid(0, before);
        _validity.Extend(Bits.ByteCount(Length) - _validity.Count);
    }

    private protected void Uncount()
    {
        Length--;
        if (_nulls == 0) return;
        Bits.Clear(_validity.Written, Length);
        _validity.Cut(Bits.ByteCount(Length));
    }

    /// <summary>The builder of a child: the caller's, or one made for it.</summary>
    private protected static ArrowArrayBuilder Child(ArrowType type, ArrowArrayBuilder? given)
    {
        if (given is null) return For(type);
        return given.Type.Equals(type)
            ? given
            : throw new ArgumentException($"A builder of {given.Type} cannot build a child of {type}.", nameof(given));
    }

    private protected static void CheckWhole(ArrowArrayBuilder child) => child.CheckWhole();

    private protected static ArrowArrayBuilder[] Fields(ArrowType type, ArrowArrayBuilder[] given)
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentNullException.ThrowIfNull(given);
        if (given.Length != 0 && given.Length != type.Children.Count)
            throw new ArgumentException($"{given.Length} builders stand against {type.Children.Count} fields.",
                nameof(given));
        return [.. type.Children.Select((field, i) => Child(field.Type, given.Length == 0 ? null : given[i]))];
    }

    private void Grow(int slots)
    {
        if (slots > int.MaxValue - Length)
            throw new ArrowCidException(ErrorCode.TooLarge, "An array would have more than 2^31 - 1 slots");
        Length += slots;
    }

    private void MarkValid(int start, int slots)
    {
        int bytes = Bits.ByteCount(start + slots);
        if (bytes > _validity.Count) _validity.Extend(bytes - _validity.Count);
        Bits.Fill(_validity.Written, start, slots);
    }

    private sealed class NullBuilder() : ArrowArrayBuilder(ArrowType.Null)
    {
        public override void AppendNull() => CountValid();

        private protected override ArrowArray BuildArray(ReadOnlyMemory<byte> validity, int nulls) =>
            new(Type, Length, []);
    }
}
