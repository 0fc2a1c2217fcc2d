using System.Globalization;
using System.Text;
using ArrowCid.Columnar;

namespace ArrowCid.Transfer;

/// <summary>The rows of a CSV file as columns. An empty field without quotes is a null.</summary>
internal sealed class CsvFile(Stream stream, RowReadOptions options) : RowFile
{
    private const int MostShown = 40;

    private readonly long _origin = stream.CanSeek ? stream.Position : 0;
    private CsvRows _rows = Open(stream, options);
    private Field[] _fields = [];
    private TextColumn[] _columns = [];
    private bool _isPending;

    public override Schema Begin()
    {
        string[] names = Names();
        ArrowType?[] types = [.. names.Select((name, i) => options.SchemaView?.Fields[i].Type
            ?? options.TypeViews.GetValueOrDefault(name))];
        string? stray = options.TypeViews.Keys.FirstOrDefault(name => !names.Contains(name));
        if (stray is not null)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"a type is given for '{stray}', and there is no such column. There are: {string.Join(", ", names)}");
        }

        bool isOpen = Array.Exists(types, type => type is null);
        var kinds = Array.ConvertAll(types, type => type is null ? new TextKinds() : null);
        if (isOpen || options.CheckFirst)
        {
            SetFields(names, Array.ConvertAll(types, type => type ?? ArrowType.Null));
            Prescan(kinds);
            Rewind(stream, _origin);
            _rows = Open(stream, options);
            _isPending = _rows.Next() && !options.HasHeader;
            _rows.EmptyLinesCount = names.Length == 1;
        }

        SetFields(names, [.. types.Select((type, i) => type ?? kinds[i]!.OfFields())]);
        return options.SchemaView ?? new Schema(_fields);
    }

    public override int Fill(int most)
    {
        int rows = 0;
        Guarded(() =>
        {
            while (rows < most && NextRow())
            {
                for (int i = 0; i < _columns.Length; i++) Append(i);
                rows++;
            }
        });
        return rows;
    }

    public override ArrowArray[] Take() => Array.ConvertAll(_columns, column => column.Builder.Build());

    private static CsvRows Open(Stream stream, RowReadOptions options) =>
        new(new ByteWindow(stream), (byte)options.Delimiter)
        {
            EmptyLinesCount = !options.HasHeader && options.SchemaView is { Fields.Count: 1 },
        };

    private string[] Names()
    {
        if (!_rows.Next())
        {
            if (options.SchemaView is { } known && !options.HasHeader)
                return [.. known.Fields.Select(field => field.Name)];
            throw new InvalidTextException("the input is empty, and a row of names is to come first", 1, 1);
        }

        _isPending = !options.HasHeader;
        int count = options.SchemaView?.Fields.Count ?? _rows.Count;
        if (_rows.Count != count) throw Ragged(count);
        var names = new string[count];
        for (int i = 0; i < count; i++)
        {
            names[i] = options.HasHeader ? _rows.Text(i)
                : options.SchemaView?.Fields[i].Name ?? string.Create(CultureInfo.InvariantCulture, $"f{i}");
            if (options.SchemaView is { } schema && schema.Fields[i].Name != names[i])
                throw _rows.At(i, $"the column is '{names[i]}' where the schema has '{schema.Fields[i].Name}'");
        }

        // From here on a lone column may have empty fields.
        _rows.EmptyLinesCount = count == 1;
        return names;
    }

    private void SetFields(string[] names, ArrowType[] types)
    {
        _fields = [.. names.Select((name, i) => options.SchemaView?.Fields[i] ?? new Field(name, types[i]))];
        _columns = new TextColumn[types.Length];
        for (int i = 0; i < types.Length; i++)
        {
            try
            {
                _columns[i] = TextColumn.For(types[i]);
            }
            catch (ArrowCidException e) when (e.Code == ErrorCode.Unsupported)
            {
                throw new ArrowCidException(e.Code, $"column '{names[i]}': {e.Message}; use JSON lines", e);
            }
        }
    }

    /// <summary>Goes over all rows: the open columns' kinds are found, and the others' values tried.</summary>
    private void Prescan(TextKinds?[] kinds)
    {
        int rows = 0;
        while (NextRow())
        {
            for (int i = 0; i < kinds.Length; i++)
            {
                if (kinds[i] is not { } kind) Append(i);
                else if (!IsNull(i) && !kind.AddField(_rows[i])) throw NotUtf8(i);
            }

            if (++rows % options.RowsPerBatch == 0) _ = Take();
        }
    }

    private bool NextRow()
    {
        bool isThere = _isPending || _rows.Next();
        _isPending = false;
        if (isThere && _rows.Count != _columns.Length) throw Ragged(_columns.Length);
        return isThere;
    }

    private bool IsNull(int i) => _rows[i].IsEmpty && !_rows.IsQuoted(i);

    private void Append(int i)
    {
        if (IsNull(i))
        {
            if (!_fields[i].IsNullable) throw _rows.At(i, $"'{_fields[i].Name}' is empty, and it may not be null");
            _columns[i].AppendNull();
        }
        else if (!_columns[i].TryAppend(_rows[i]))
        {
            throw _fields[i].Type.IsText() ? NotUtf8(i)
                : _rows.At(i, $"'{_fields[i].Name}' is {_fields[i].Type}, and {Shown(_rows[i])} is no such value");
        }
    }

    private InvalidTextException NotUtf8(int i) =>
        _rows.At(i, $"'{_fields[i].Name}' is not UTF-8 here; convert the file");

    private InvalidTextException Ragged(int count) => _rows.At(Math.Min(count, _rows.Count), string.Create(
        CultureInfo.InvariantCulture, $"the row has {_rows.Count} fields where {count} are due"));

    private static string Shown(ReadOnlySpan<byte> text) => text.Length <= MostShown
        ? $"'{Encoding.UTF8.GetString(text)}'"
        : $"'{Encoding.UTF8.GetString(text[..MostShown])}…'";
}
