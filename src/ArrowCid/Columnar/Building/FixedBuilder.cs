using System.Runtime.InteropServices;

namespace ArrowCid.Columnar;

/// <summary>
/// Builds a column of fixed width from C# values. Besides the values that <see cref="Column{T}"/> reads, it takes
/// <see cref="bool"/> for booleans and <see cref="decimal"/> for a decimal of any width, which it brings to the type's
/// scale.
/// </summary>
/// <typeparam name="T">The value.</typeparam>
internal sealed class FixedBuilder<T> : ArrowArrayBuilder where T : unmanaged
{
    private readonly ByteBuffer _values = new();
    private readonly int _width;

    /// <summary>Makes an empty builder.</summary>
    /// <param name="type">The type; by default the plain one of <typeparamref name="T"/> (int32 for <see cref="int"/>).
    /// <see cref="decimal"/> and <see cref="Int128"/> have none.</param>
    /// <exception cref="ArgumentException">No type is given, and there is no plain one.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: the values are not of that
    /// type.</exception>
    public FixedBuilder(ArrowType? type = null) : base(type ?? PlainType())
    {
        bool converts = Type.Id == ArrowTypeId.Boolean
            ? default(T) is bool
            : default(T) is decimal && Type is DecimalType;
        if (!converts) Elements.Check<T>(Type, "The builder's type");
        _width = Type.Id == ArrowTypeId.Boolean ? sizeof(bool) : Type.ByteWidth();
    }

    /// <summary>Appends a value.</summary>
    /// <param name="value">The value.</param>
    /// <exception cref="ArgumentException">A <see cref="decimal"/> with digits after the type's scale, or with more
    /// than its precision.</exception>
    public void Append(T value)
    {
        if (value is decimal number)
        {
            Span<byte> unscaled = stackalloc byte[DecimalBytes.MaxWidth];
            DecimalBytes.Write(number, (DecimalType)Type, unscaled[.._width]);
            unscaled[.._width].CopyTo(_values.Extend(_width));
        }
        else
        {
            MemoryMarshal.Write(_values.Extend(_width), in value);
        }

        CountValid();
    }

    /// <summary>Appends a value or a null.</summary>
    /// <param name="value">The value, or null.</param>
    public void Append(T? value)
    {
        if (value is { } given) Append(given);
        else AppendNull();
    }

    /// <summary>Appends values, none of them null.</summary>
    /// <param name="values">The values.</param>
    public void AppendRange(ReadOnlySpan<T> values)
    {
        if (default(T) is decimal)
        {
            foreach (T value in values) Append(value);
            return;
        }

        MemoryMarshal.AsBytes(values).CopyTo(_values.Extend((long)values.Length * _width));
        CountValid(values.Length);
    }

    /// <inheritdoc/>
    public override void AppendNull()
    {
        _values.Extend(_width);
        CountNull();
    }

    internal override ReadOnlySpan<byte> SlotBytes(int index) => _values.Written.Slice(index * _width, _width);

    internal override void RemoveLast()
    {
        Uncount();
        _values.Cut(Length * _width);
    }

    private protected override ArrowArray BuildArray(ReadOnlyMemory<byte> validity, int nulls)
    {
        ReadOnlyMemory<byte> values = _values.Take();
        return new ArrowArray(Type, Length, [validity, Type.Id == ArrowTypeId.Boolean ? Packed(values.Span) : values],
            nullCount: nulls);
    }

    private static ReadOnlyMemory<byte> Packed(ReadOnlySpan<byte> booleans)
    {
        byte[] bits = new byte[Bits.ByteCount(booleans.Length)];
        for (int i = 0; i < booleans.Length; i++)
        {
            if (booleans[i] != 0) Bits.Set(bits, i);
        }

        return bits;
    }

    private static ArrowType PlainType() => default(T) is bool
        ? ArrowType.Boolean
        : Elements.NaturalType<T>()
            ?? throw new ArgumentException($"{typeof(T).Name} has no Arrow type of its own: name one.", "type");
}
