using System.Globalization;

namespace ArrowCid.Parquet;

/// <summary>
/// What is wrong in a Parquet file, as the code that met it knows it; the reader adds column and row group.
/// </summary>
internal sealed class ParquetFault(string what, ErrorCode code = ErrorCode.InvalidData, Exception? inner = null)
    : ArrowCidException(code, what, inner)
{
    public static ParquetFault Broken(FormattableString what) => new(what.ToString(CultureInfo.InvariantCulture));

    public static ParquetFault Unsupported(FormattableString what) =>
        new(what.ToString(CultureInfo.InvariantCulture), ErrorCode.Unsupported);

    public static ParquetFault TooLarge(FormattableString what) =>
        new(what.ToString(CultureInfo.InvariantCulture), ErrorCode.TooLarge);

    /// <summary>The same fault with its place.</summary>
    public ArrowCidException At(string place) => new(Code, $"{Message}; {place}", this);
}
