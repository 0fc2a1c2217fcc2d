using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>What a leaf or group means (the union LogicalType).</summary>
/// <param name="Kind">Which meaning.</param>
/// <param name="Scale">A decimal's scale.</param>
/// <param name="Precision">A decimal's precision.</param>
/// <param name="Unit">A time's or timestamp's unit.</param>
/// <param name="IsUtc">Whether a time or timestamp counts from an instant.</param>
/// <param name="BitWidth">An integer's bits.</param>
/// <param name="IsSigned">Whether an integer is signed.</param>
internal readonly record struct LogicalType(LogicalKind Kind, int Scale = 0, int Precision = 0,
    TimeUnit Unit = TimeUnit.Millisecond, bool IsUtc = false, int BitWidth = 0, bool IsSigned = false);
