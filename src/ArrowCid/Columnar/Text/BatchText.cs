namespace ArrowCid.Columnar;

/// <summary>
/// Batches as text: a table for people, CSV and JSON lines for programs. The culture does not matter; every type
/// prints.
/// </summary>
/// <remarks>
/// Values are written alike everywhere, and as JSON inside a list, struct or map:
/// <list type="bullet">
/// <item>integers as numbers, int64 and uint64 too; floats in the shortest form that reads back, NaN, Infinity and
/// -Infinity by name (strings in JSON); decimals with all digits of their scale (strings in JSON);</item>
/// <item>dates as 2024-02-29, times of day as 12:30:00.500, timestamps as 2024-02-29T12:30:00.500, always with the
/// digits of their unit; a timestamp with a time zone is the instant in UTC with a Z after it; a date64 that is not
/// midnight has its time;</item>
/// <item>durations as PT1.500S, intervals as P14M, P1DT0.500S and P1M2DT0.000000003S, each part with its own
/// sign;</item>
/// <item>binary of every kind as base64; text that is not UTF-8 with U+FFFD in place of the wrong bytes;</item>
/// <item>lists as arrays, structs as objects, a map as an array of [key, value] arrays; a union, dictionary and run as
/// the value alone.</item>
/// </list>
/// Offsets or indices that point outside end in an <see cref="InvalidArrowException"/> that names the column and row.
/// </remarks>
internal static class BatchText
{
    /// <summary>Characters of one row of CSV or JSON: a guard against views that repeat a value without end.</summary>
    private const long MaxRowText = 1L << 32;

    private const int DefaultWidth = 40;

    private const char ByteOrderMark = '\uFEFF';

    /// <summary>Writes a table: a line of names, one of types, one of dashes, then a line a row. Numbers stand at the
    /// right, a null is <c>null</c>, what is too long ends in <c>…</c>, and a control character shows as its
    /// escape.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="writer">Where to; lines end in a line feed.</param>
    /// <param name="maxRows">Rows at most; a last line counts the others.</param>
    /// <param name="maxWidth">The widest a column may be, in UTF-16 characters, 1 or more.</param>
    /// <exception cref="InvalidArrowException">A value points outside of its buffers.</exception>
    public static void WriteTable(RecordBatch batch, TextWriter writer, int maxRows = 20, int maxWidth = DefaultWidth)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentOutOfRangeException.ThrowIfNegative(maxRows);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxWidth, 1);
        new TableText(batch, writer, Math.Min(maxRows, batch.Length), maxWidth).Write(batch.Length);
    }

    /// <summary>Writes a table of the first rows of many.</summary>
    /// <param name="first">These rows.</param>
    /// <param name="total">How many there are.</param>
    /// <param name="writer">Where to.</param>
    internal static void WriteTable(RecordBatch first, long total, TextWriter writer) =>
        new TableText(first, writer, first.Length, DefaultWidth).Write(total);

    /// <summary>
    /// Writes RFC 4180: lines end in CR LF, a field with a comma, quote or line end is quoted. A null is an empty field
    /// and an empty text or binary is <c>""</c>; lists, structs and maps are JSON text.
    /// </summary>
    /// <param name="batch">The batch.</param>
    /// <param name="writer">Where to.</param>
    /// <param name="header">Whether a line of names comes first.</param>
    /// <exception cref="InvalidArrowException">A value points outside of its buffers.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.TooLarge"/>: a row of over 2^32 characters.</exception>
    public static void WriteCsv(RecordBatch batch, TextWriter writer, bool header = true)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(writer);
        foreach (bool _ in CsvCells(batch, writer, header, MaxRowText))
        {
            // To go through the cells is to write them.
        }
    }

    /// <summary>Writes CSV as <see cref="WriteCsv"/> does, one cell at a time.</summary>
    internal static IEnumerable<bool> CsvCells(RecordBatch batch, TextWriter writer, bool header, long mostOfRow)
    {
        var sink = new TextSink(writer, mostOfRow, cuts: false);
        if (header)
        {
            for (int i = 0; i < batch.Schema.Fields.Count; i++)
            {
                if (i > 0) sink.Write(',');
                WriteCsvText(batch.Schema.Fields[i].Name, sink);
            }

            sink.Write("\r\n");
            yield return true;
        }

        for (int row = 0; row < batch.Length; row++)
        {
            sink.Restart();
            for (int i = 0; i < batch.Columns.Count; i++)
            {
                if (i > 0) sink.Write(',');
                WriteCell(batch, i, row, sink, WriteCsvField);
                yield return true;
            }

            sink.Write("\r\n");
        }
    }

    /// <summary>Writes one JSON object a row, in one line that ends in a line feed, with a member a column in the
    /// schema's order; columns that share a name are written as they are.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="writer">Where to.</param>
    /// <exception cref="InvalidArrowException">A value points outside of its buffers.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.TooLarge"/>: a row of over 2^32 characters.</exception>
    public static void WriteJsonLines(RecordBatch batch, TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(writer);
        foreach (bool _ in JsonCells(batch, writer, MaxRowText))
        {
            // To go through the cells is to write them.
        }
    }

    /// <summary>Writes JSON lines as <see cref="WriteJsonLines"/> does, one cell at a time.</summary>
    internal static IEnumerable<bool> JsonCells(RecordBatch batch, TextWriter writer, long mostOfRow)
    {
        var sink = new TextSink(writer, mostOfRow, cuts: false);
        for (int row = 0; row < batch.Length; row++)
        {
            sink.Restart();
            sink.Write('{');
            for (int i = 0; i < batch.Columns.Count; i++)
            {
                if (i > 0) sink.Write(',');
                ValueText.WriteJsonString(batch.Schema.Fields[i].Name, sink);
                sink.Write(':');
                WriteCell(batch, i, row, sink, static (array, slot, to) => ValueText.WriteJson(array, slot, to));
                yield return true;
            }

            sink.Write("}\n");
        }
    }

    /// <summary>Writes one value, and names its column and row where its bytes are hostile.</summary>
    internal static void WriteCell(RecordBatch batch, int column, int row, TextSink to,
        Action<ArrowArray, int, TextSink> write)
    {
        try
        {
            write(batch.ColumnSpan[column], row, to);
        }
        catch (InvalidArrowException e) when (e.FieldPath.Length == 0)
        {
            throw new InvalidArrowException(e.Rule, batch.Schema.Fields[column].Name, row, code: e.Code, inner: e);
        }
    }

    private static void WriteCsvField(ArrowArray array, int slot, TextSink to)
    {
        if (ValueText.Follow(array, ref slot) is not { } plain) return;
        bool isText = plain.Type.IsText();
        if (!isText && !ValueText.IsNested(plain))
        {
            bool isBinary = plain.Type is FixedSizeBinaryType
                || plain.Layout is BufferLayout.Bytes32 or BufferLayout.Bytes64 or BufferLayout.ByteViews;
            if (isBinary && plain.GetBytes(slot).IsEmpty) to.Write("\"\"");
            else ValueText.WritePlain(plain, slot, to);
            return;
        }

        bool quotes = !isText || NeedsQuotes(plain.GetBytes(slot));
        if (!quotes)
        {
            ValueText.WritePlain(plain, slot, to);
            return;
        }

        to.Write('"');
        to.Escape = TextEscape.DoubleQuotes;
        ValueText.WritePlain(plain, slot, to);
        to.Escape = TextEscape.None;
        to.Write('"');
    }

    private static void WriteCsvText(string text, TextSink to)
    {
        bool quotes = text.Length == 0 || text[0] == ByteOrderMark || text.AsSpan().IndexOfAny(",\"\r\n") >= 0;
        if (quotes) to.Write('"');
        to.Escape = quotes ? TextEscape.DoubleQuotes : TextEscape.None;
        to.Write(text);
        to.Escape = TextEscape.None;
        if (quotes) to.Write('"');
    }

    /// <summary>A byte order mark is text where it is quoted, and else is skipped at the start of a file.</summary>
    private static bool NeedsQuotes(ReadOnlySpan<byte> utf8) =>
        utf8.IsEmpty || utf8.StartsWith("\uFEFF"u8) || utf8.IndexOfAny(",\"\r\n"u8) >= 0;
}
