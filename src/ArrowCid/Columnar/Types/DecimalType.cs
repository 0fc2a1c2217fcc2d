namespace ArrowCid.Columnar;

/// <summary>A decimal of 4, 8, 16 or 32 bytes.</summary>
internal sealed class DecimalType : ArrowType
{
    /// <summary>Makes a decimal type.</summary>
    /// <param name="bitWidth">32, 64, 128 or 256.</param>
    /// <param name="precision">Digits in all.</param>
    /// <param name="scale">Digits after the point; may be negative.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another bit width, or a precision below 1.</exception>
    public DecimalType(int bitWidth, int precision, int scale) : base(IdOf(bitWidth))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(precision, 1);
        (BitWidth, Precision, Scale) = (bitWidth, precision, scale);
    }

    /// <summary>32, 64, 128 or 256.</summary>
    public int BitWidth { get; }

    /// <summary>Digits in all.</summary>
    public int Precision { get; }

    /// <summary>Digits after the point.</summary>
    public int Scale { get; }

    private static ArrowTypeId IdOf(int bitWidth) => bitWidth switch
    {
        32 => ArrowTypeId.Decimal32,
        64 => ArrowTypeId.Decimal64,
        128 => ArrowTypeId.Decimal128,
        256 => ArrowTypeId.Decimal256,
        _ => throw new ArgumentOutOfRangeException(
            nameof(bitWidth), bitWidth, "A decimal has 32, 64, 128 or 256 bits."),
    };

    private protected override bool HasEqualParameters(ArrowType other) =>
        other is DecimalType d && d.Precision == Precision && d.Scale == Scale;
}
