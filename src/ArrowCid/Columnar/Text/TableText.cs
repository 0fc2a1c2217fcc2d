using System.Globalization;
using System.Text;

namespace ArrowCid.Columnar;

/// <summary>
/// A batch as an aligned table. Every cell is formatted twice, once for its width and once to be written, so that the
/// memory it takes does not grow with the rows.
/// </summary>
internal sealed class TableText
{
    private const char Ellipsis = '…';

    private readonly RecordBatch _batch;
    private readonly TextWriter _writer;
    private readonly int _rows;
    private readonly int _maxWidth;
    private readonly StringBuilder _cell = new();
    private readonly TextSink _sink;

    public TableText(RecordBatch batch, TextWriter writer, int rows, int maxWidth)
    {
        (_batch, _writer, _rows, _maxWidth) = (batch, writer, rows, maxWidth);
        _sink = new TextSink(new StringWriter(_cell, CultureInfo.InvariantCulture), maxWidth + 1L, cuts: true)
        {
            Escape = TextEscape.Visible,
        };
    }

    /// <summary>Writes the rows, and how many there are beside them.</summary>
    public void Write(long total)
    {
        int[] widths = Widths();
        for (int line = Names; line < _rows; line++)
        {
            if (line == 0) WriteRule(widths);
            WriteLine(line, widths);
        }

        if (_rows == 0) WriteRule(widths);
        if (_rows < total)
        {
            string rest = (total - _rows).ToString(CultureInfo.InvariantCulture);
            _writer.Write(_rows == 0 ? $"{Ellipsis} {rest} rows\n" : $"{Ellipsis} {rest} more rows\n");
        }
    }

    /// <summary>The lines above row 0.</summary>
    private const int Names = -2, Types = -1;

    private int[] Widths()
    {
        int[] widths = new int[_batch.Columns.Count];
        for (int line = Names; line < _rows; line++)
        {
            for (int i = 0; i < widths.Length; i++)
            {
                Format(line, i);
                widths[i] = Math.Max(widths[i], _cell.Length);
            }
        }

        return widths;
    }

    private void WriteLine(int line, int[] widths)
    {
        int owed = 0;
        for (int i = 0; i < widths.Length; i++)
        {
            Format(line, i);
            int blank = widths[i] - _cell.Length;
            bool atRight = ValueText.IsNumber(_batch.Schema.Fields[i].Type);
            // Blanks are written only when something follows them: no line ends in one.
            if (atRight) owed += blank;
            if (_cell.Length > 0) Blanks(ref owed);
            _writer.Write(_cell);
            owed += (atRight ? 0 : blank) + 2;
        }

        _writer.Write('\n');
    }

    private void WriteRule(int[] widths)
    {
        for (int i = 0; i < widths.Length; i++)
        {
            if (i > 0) _writer.Write("  ");
            for (int dash = 0; dash < widths[i]; dash++) _writer.Write('-');
        }

        _writer.Write('\n');
    }

    private void Blanks(ref int count)
    {
        for (; count > 0; count--) _writer.Write(' ');
    }

    private void Format(int line, int column)
    {
        _cell.Clear();
        _sink.Restart();
        if (line == Names) _sink.Write(_batch.Schema.Fields[column].Name);
        else if (line == Types) _sink.Write(_batch.Schema.Fields[column].Type.ToString());
        else BatchText.WriteCell(_batch, column, line, _sink, WriteValue);
        if (_cell.Length <= _maxWidth) return;
        int cut = _maxWidth - 1;
        if (cut > 0 && char.IsHighSurrogate(_cell[cut - 1])) cut--;
        _cell.Length = cut;
        _cell.Append(Ellipsis);
    }

    private static void WriteValue(ArrowArray array, int slot, TextSink to)
    {
        if (ValueText.Follow(array, ref slot) is { } plain) ValueText.WritePlain(plain, slot, to);
        else to.Write("null");
    }
}
