using System.Globalization;

namespace ArrowCid.Parquet;

/// <summary>
/// What is wrong in a Parquet file, as the code that met it knows it; the reader adds column, row group and offset.
/// </summary>
internal sealed class ParquetFault(string what, ErrorCode code = ErrorCode.InvalidData, Exception? inner = null)
    : ArrowCidException(code, what, inner)
{
    /// <summary>The page in its chunk, from 0; -1 where the fault is not in one.</summary>
    public int Page { get; private init; } = -1;

    /// <summary>The byte, counted from the start of what was read; -1 where it is not known.</summary>
    public long Offset { get; init; } = -1;

    public static ParquetFault Broken(FormattableString what) => new(what.ToString(CultureInfo.InvariantCulture));

    public static ParquetFault Unsupported(FormattableString what) =>
        new(what.ToString(CultureInfo.InvariantCulture), ErrorCode.Unsupported);

    public static ParquetFault TooLarge(FormattableString what) =>
        new(what.ToString(CultureInfo.InvariantCulture), ErrorCode.TooLarge);

    /// <summary>An error of reading with the page that it was met in.</summary>
    /// <param name="e">The error.</param>
    /// <param name="page">The page in its chunk.</param>
    /// <param name="start">Where the page begins in its chunk.</param>
    public static ParquetFault InPage(ArrowCidException e, int page, long start) => new(RuleOf(e), e.Code, e)
    {
        Page = page,
        Offset = start + Math.Max((e as ParquetFault)?.Offset ?? 0, 0),
    };

    /// <summary>An error of reading with its place in the file.</summary>
    /// <param name="e">The error.</param>
    /// <param name="start">Where what was read begins in the file: the footer, or a chunk.</param>
    /// <param name="column">The column, or nothing.</param>
    /// <param name="rowGroup">The row group, or -1.</param>
    public static InvalidParquetException At(ArrowCidException e, long start, string column = "", int rowGroup = -1)
    {
        var fault = e as ParquetFault;
        return new InvalidParquetException(RuleOf(e), column, rowGroup, fault?.Page ?? -1,
            start + Math.Max(fault?.Offset ?? 0, 0), e.Code, e.InnerException ?? e);
    }

    /// <summary>Whether an error is about the file's bytes and does not yet say where.</summary>
    public static bool IsPlaceless(ArrowCidException e) => e is ParquetFault or InvalidArrowException;

    private static string RuleOf(ArrowCidException e) => e is InvalidArrowException arrow ? arrow.Rule : e.Message;
}
