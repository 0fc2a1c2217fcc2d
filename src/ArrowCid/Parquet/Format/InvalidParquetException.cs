using System.Globalization;
using System.Text;

namespace ArrowCid.Parquet;

/// <summary>
/// A Parquet file that breaks a rule, or that cannot be read. Its code is <see cref="ErrorCode.InvalidData"/>,
/// <see cref="ErrorCode.Unsupported"/> or <see cref="ErrorCode.TooLarge"/>.
/// </summary>
public sealed class InvalidParquetException : ArrowCidException
{
    internal InvalidParquetException(string rule, string column, int rowGroup, int page, long offset, ErrorCode code,
        Exception? inner)
        : base(code, Describe(rule, column, rowGroup, page, offset), inner) =>
        (Rule, Column, RowGroup, Page, Offset) = (rule, column, rowGroup, page, offset);

    /// <summary>The rule that is broken, as a sentence without a full stop.</summary>
    public string Rule { get; }

    /// <summary>The column, its ancestors first, joined by dots; empty where the fault is not in a column.</summary>
    public string Column { get; }

    /// <summary>The row group, from 0; -1 where the fault is not in one.</summary>
    public int RowGroup { get; }

    /// <summary>The page of that column of that row group, from 0, a dictionary's first; -1 where the fault is not in
    /// one.</summary>
    public int Page { get; }

    /// <summary>The byte offset in the file, from 0: of the byte in the footer or a page's header that makes no sense,
    /// else where the page, the column's first page or the footer begins.</summary>
    public long Offset { get; }

    private static string Describe(string rule, string column, int rowGroup, int page, long offset)
    {
        var text = new StringBuilder(rule);
        text.Append(';');
        if (column.Length > 0) text.Append(CultureInfo.InvariantCulture, $" column '{column}',");
        if (rowGroup >= 0) text.Append(CultureInfo.InvariantCulture, $" row group {rowGroup},");
        if (page >= 0) text.Append(CultureInfo.InvariantCulture, $" page {page},");
        return text.Append(CultureInfo.InvariantCulture, $" byte {offset}").ToString();
    }
}
