namespace ArrowCid.Columnar;

/// <summary>Bytes of one length.</summary>
internal sealed class FixedSizeBinaryType : ArrowType
{
    /// <summary>Makes the type.</summary>
    /// <param name="byteWidth">Bytes a slot, 0 or more.</param>
    public FixedSizeBinaryType(int byteWidth) : base(ArrowTypeId.FixedSizeBinary)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteWidth);
        ByteWidth = byteWidth;
    }

    /// <summary>Bytes a slot.</summary>
    public int ByteWidth { get; }

    private protected override bool HasEqualParameters(ArrowType other) =>
        other is FixedSizeBinaryType f && f.ByteWidth == ByteWidth;
}
