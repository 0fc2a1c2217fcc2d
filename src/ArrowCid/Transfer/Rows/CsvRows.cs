using System.Buffers;

namespace ArrowCid.Transfer;

/// <summary>The rows of CSV as fields (RFC 4180; LF ends a line as CR LF does; a byte order mark is skipped).</summary>
internal sealed class CsvRows(ByteWindow window, byte delimiter)
{
    private const byte Quote = (byte)'"', Cr = (byte)'\r', Lf = (byte)'\n';

    private readonly SearchValues<byte> _special = SearchValues.Create([delimiter, Quote, Cr, Lf]);
    private Cell[] _cells = new Cell[16];
    private byte[] _unescaped = [];
    private int _unescapedCount;
    private int _next;
    private int _end;

    /// <summary>Fields of the row.</summary>
    public int Count { get; private set; }

    /// <summary>Whether a line without a character is a row of one empty field; else there is no such row.</summary>
    public bool EmptyLinesCount { get; set; }

    /// <summary>Goes to the next row.</summary>
    public bool Next()
    {
        window.Begin();
        _next = Math.Max(_next, window.Start);
        while (true)
        {
            window.MoveTo(_next);
            while (!Scan())
            {
                if (window.IsAtEnd)
                {
                    _next = window.Start;
                    return false;
                }

                window.Refill();
            }

            if (Count != 1 || _cells[0].Length > 0 || _cells[0].IsQuoted || EmptyLinesCount) return true;
        }
    }

    /// <summary>A field's bytes, without quotes.</summary>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            Cell cell = _cells[index];
            return cell.IsEscaped
                ? _unescaped.AsSpan(cell.Start, cell.Length)
                : window.Slice(cell.Start, cell.Length);
        }
    }

    public bool IsQuoted(int index) => _cells[index].IsQuoted;

    /// <summary>A fault in a field of the row.</summary>
    public InvalidTextException At(int index, string rule) =>
        window.At(index < Count ? _cells[index].Place : _end, rule);

    /// <summary>A field as a name.</summary>
    public string Text(int index) => window.Text(this[index], _cells[index].Place);

    /// <summary>A row that ends where it has to: at a line end, or at the end of all.</summary>
    private bool Scan()
    {
        (Count, _unescapedCount) = (0, 0);
        int at = window.Start;
        if (at == window.End) return false;
        while (true)
        {
            bool isQuoted = at < window.End && window[at] == Quote;
            int end = isQuoted ? QuotedField(at) : PlainField(at);
            if (end < 0) return false;
            _end = end;
            if (end == window.End)
            {
                // Only at the end of all is it known that nothing follows.
                if (!window.IsAtEnd) return false;
                _next = end;
                return true;
            }

            switch (window[end])
            {
                case Lf:
                    _next = end + 1;
                    return true;
                case Cr when end + 1 == window.End && !window.IsAtEnd:
                    return false;
                case Cr when end + 1 < window.End && window[end + 1] == Lf:
                    _next = end + 2;
                    return true;
                case Cr:
                    throw window.At(end, "a carriage return without a line feed; quote the field that holds it");
                case var b when b == delimiter:
                    at = end + 1;
                    break;
                default:
                    throw window.At(end, isQuoted
                        ? "text behind a closing quote; double a quote that is part of the field"
                        : "a quote inside a field that is not quoted; quote the field and double the quote");
            }
        }
    }

    private int PlainField(int start)
    {
        int length = window.From(start).IndexOfAny(_special);
        if (length < 0)
        {
            if (!window.IsAtEnd) return -1;
            length = window.End - start;
        }

        Add(new Cell(start, length, start, false, false));
        return start + length;
    }

    /// <summary>Where a quoted field ends, after its closing quote; -1 where that is not here yet.</summary>
    private int QuotedField(int start)
    {
        int doubled = 0;
        int at = start + 1;
        while (true)
        {
            int found = window.From(at).IndexOf(Quote);
            if (found < 0 && window.IsAtEnd) throw window.At(start, "the quote that opens here is not closed");
            if (found < 0 || (at + found + 1 == window.End && !window.IsAtEnd)) return -1;
            at += found + 1;
            if (at == window.End || window[at] != Quote) break;
            doubled++;
            at++;
        }

        int length = at - start - 2;
        Add(doubled == 0
            ? new Cell(start + 1, length, start, true, false)
            : new Cell(Unescape(window.Slice(start + 1, length)), length - doubled, start, true, true));
        return at;
    }

    /// <summary>Where a field with its doubled quotes made one lies.</summary>
    private int Unescape(ReadOnlySpan<byte> field)
    {
        int start = _unescapedCount;
        if (_unescaped.Length - start < field.Length)
        {
            int doubled = (int)Math.Min(2L * _unescaped.Length, ByteWindow.MostRowBytes);
            Array.Resize(ref _unescaped, Math.Max(start + field.Length, doubled));
        }

        while (!field.IsEmpty)
        {
            int quote = field.IndexOf(Quote);
            int taken = quote < 0 ? field.Length : quote + 1;
            field[..taken].CopyTo(_unescaped.AsSpan(_unescapedCount));
            _unescapedCount += taken;
            field = field[(quote < 0 ? taken : taken + 1)..];
        }

        return start;
    }

    private void Add(Cell cell)
    {
        if (Count == _cells.Length) Array.Resize(ref _cells, Count * 2);
        _cells[Count++] = cell;
    }

    /// <summary>Where a field lies, in the window or among the unescaped, and where it began.</summary>
    private readonly record struct Cell(int Start, int Length, int Place, bool IsQuoted, bool IsEscaped);
}
