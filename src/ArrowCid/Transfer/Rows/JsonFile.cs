using System.Globalization;
using System.Text.Json;
using ArrowCid.Columnar;

namespace ArrowCid.Transfer;

/// <summary>The rows of a file of JSON lines as columns. A key that is not there is a null.</summary>
internal sealed class JsonFile(Stream stream, RowReadOptions options) : RowFile
{
    /// <summary>The limit of slots for missing keys in one batch: a few bytes of JSON could require any number of
    /// them.</summary>
    private const long MostMissing = 1L << 26;

    private readonly long _origin = stream.CanSeek ? stream.Position : 0;
    private JsonLines _lines = new(new ByteWindow(stream));
    private JsonColumn.Members _members = new([], null);

    public override Schema Begin()
    {
        if (options.SchemaView is { } schema)
        {
            if (options.CheckFirst)
            {
                Set(schema);
                while (Fill(options.RowsPerBatch) == options.RowsPerBatch) _ = Take();
                Restart();
            }

            Set(schema);
            return schema;
        }

        Schema found = Prescan();
        Restart();
        Set(found);
        return found;
    }

    public override int Fill(int most)
    {
        int rows = 0;
        long missing = _members.Missing;
        JsonObjectReader append = (ref Utf8JsonReader reader) => _members.Append(ref reader, _lines);
        Guarded(() =>
        {
            for (; rows < most && _lines.Next(); rows++)
            {
                _lines.Read(append);
                if (_members.Missing - missing <= MostMissing) continue;
                throw new InvalidTextException(string.Create(CultureInfo.InvariantCulture,
                    $"more than {MostMissing} values of this batch are missing; take fewer rows a batch, or write " +
                    $"what varies as a list of keys and values"), _lines.Number, 1, ErrorCode.TooLarge);
            }
        });
        return rows;
    }

    public override ArrowArray[] Take() => [.. _members.Columns.Select(column => column.Builder.Build())];

    /// <summary>Goes over all lines: types are found, and the values of given types tried.</summary>
    private Schema Prescan()
    {
        var root = new JsonShape("", path: null);
        Dictionary<string, JsonColumn> given = [];
        int keys = 0;
        JsonObjectReader add = (ref Utf8JsonReader reader) => root.AddObject(ref reader, _lines, given, ref keys);
        List<string> order = [];
        for (int rows = 0; _lines.Next(); rows++)
        {
            if (rows % options.RowsPerBatch == 0)
            {
                given = options.TypeViews.ToDictionary(pair => pair.Key,
                    pair => JsonColumn.For(new Field(pair.Key, pair.Value), null), StringComparer.Ordinal);
            }

            _lines.Read(add);
        }

        if (!root.Fields.Any() && options.TypeViews.Count == 0 && given.Count == 0 && _lines.Number == 1)
            throw new InvalidTextException("there is no row to infer columns from; give a schema", 1, 1);
        return new Schema([.. options.TypeViews.Select(pair => new Field(pair.Key, pair.Value)),
            .. root.Fields.Select(field => new Field(field.Name, field.Shape.Type()))]);
    }

    private void Restart()
    {
        Rewind(stream, _origin);
        _lines = new JsonLines(new ByteWindow(stream));
    }

    private void Set(Schema schema) => _members = new JsonColumn.Members(schema.Fields, null);
}
