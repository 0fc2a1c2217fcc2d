namespace ArrowCid.Columnar;

/// <summary>
/// A column's type. Immutable; equal when everything that Arrow writes about it is equal. An extension type is its
/// storage type here: the field's metadata names the extension (<see cref="Field.ExtensionName"/>).
/// </summary>
internal class ArrowType : IEquatable<ArrowType>
{
    private protected ArrowType(ArrowTypeId id) => Id = id;

    /// <summary>Which type it is.</summary>
    public ArrowTypeId Id { get; }

    /// <summary>The child fields, in Arrow's order; empty for a type without children. A dictionary's values are not
    /// children: see <see cref="DictionaryType"/>.</summary>
    public virtual IReadOnlyList<Field> Children => [];

    /// <summary>No values: every slot is null.</summary>
    public static ArrowType Null { get; } = new(ArrowTypeId.Null);
    /// <summary>One bit a slot.</summary>
    public static ArrowType Boolean { get; } = new(ArrowTypeId.Boolean);
    /// <summary>Signed, 8 bits.</summary>
    public static ArrowType Int8 { get; } = new(ArrowTypeId.Int8);
    /// <summary>Signed, 16 bits.</summary>
    public static ArrowType Int16 { get; } = new(ArrowTypeId.Int16);
    /// <summary>Signed, 32 bits.</summary>
    public static ArrowType Int32 { get; } = new(ArrowTypeId.Int32);
    /// <summary>Signed, 64 bits.</summary>
    public static ArrowType Int64 { get; } = new(ArrowTypeId.Int64);
    /// <summary>Unsigned, 8 bits.</summary>
    public static ArrowType UInt8 { get; } = new(ArrowTypeId.UInt8);
    /// <summary>Unsigned, 16 bits.</summary>
    public static ArrowType UInt16 { get; } = new(ArrowTypeId.UInt16);
    /// <summary>Unsigned, 32 bits.</summary>
    public static ArrowType UInt32 { get; } = new(ArrowTypeId.UInt32);
    /// <summary>Unsigned, 64 bits.</summary>
    public static ArrowType UInt64 { get; } = new(ArrowTypeId.UInt64);
    /// <summary>IEEE 754 binary16.</summary>
    public static ArrowType Float16 { get; } = new(ArrowTypeId.Float16);
    /// <summary>IEEE 754 binary32.</summary>
    public static ArrowType Float32 { get; } = new(ArrowTypeId.Float32);
    /// <summary>IEEE 754 binary64.</summary>
    public static ArrowType Float64 { get; } = new(ArrowTypeId.Float64);
    /// <summary>Days since 1970-01-01.</summary>
    public static ArrowType Date32 { get; } = new(ArrowTypeId.Date32);
    /// <summary>Milliseconds since 1970-01-01.</summary>
    public static ArrowType Date64 { get; } = new(ArrowTypeId.Date64);
    /// <summary>Whole months.</summary>
    public static ArrowType IntervalYearMonth { get; } = new(ArrowTypeId.IntervalYearMonth);
    /// <summary>Days and milliseconds.</summary>
    public static ArrowType IntervalDayTime { get; } = new(ArrowTypeId.IntervalDayTime);
    /// <summary>Months, days and nanoseconds.</summary>
    public static ArrowType IntervalMonthDayNano { get; } = new(ArrowTypeId.IntervalMonthDayNano);
    /// <summary>UTF-8 text with int32 offsets.</summary>
    public static ArrowType Utf8 { get; } = new(ArrowTypeId.Utf8);
    /// <summary>UTF-8 text with int64 offsets.</summary>
    public static ArrowType LargeUtf8 { get; } = new(ArrowTypeId.LargeUtf8);
    /// <summary>UTF-8 text as 16-byte views.</summary>
    public static ArrowType Utf8View { get; } = new(ArrowTypeId.Utf8View);
    /// <summary>Bytes with int32 offsets.</summary>
    public static ArrowType Binary { get; } = new(ArrowTypeId.Binary);
    /// <summary>Bytes with int64 offsets.</summary>
    public static ArrowType LargeBinary { get; } = new(ArrowTypeId.LargeBinary);
    /// <summary>Bytes as 16-byte views.</summary>
    public static ArrowType BinaryView { get; } = new(ArrowTypeId.BinaryView);

    /// <summary>
    /// Whether <paramref name="other"/> is the same type: parameters, children, names, flags and metadata.
    /// </summary>
    /// <param name="other">The type to compare with.</param>
    /// <returns>True when equal.</returns>
    public bool Equals(ArrowType? other) =>
        ReferenceEquals(this, other)
        || (other is not null && Id == other.Id && HasEqualParameters(other) && Children.SequenceEqual(other.Children));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ArrowType);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Id, Children.Count);

    /// <summary>The type as text, for people: <c>list&lt;item: int32&gt;</c>.</summary>
    /// <returns>A short text.</returns>
    public override string ToString() => TypeText.Of(this);

    private protected virtual bool HasEqualParameters(ArrowType other) => true;
}
