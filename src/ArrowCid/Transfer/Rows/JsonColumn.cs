using System.Globalization;
using System.Text;
using System.Text.Json;
using ArrowCid.Columnar;

namespace ArrowCid.Transfer;

/// <summary>A column that is made of JSON values, each as <see cref="BatchText"/> writes it.</summary>
internal abstract class JsonColumn(Field definition, JsonPath path, ArrowArrayBuilder builder)
{
    private const int MostShown = 40;

    public string Name => definition.Name;

    public ArrowArrayBuilder Builder => builder;

    /// <summary>Slots that a null takes, with those of the children.</summary>
    public virtual long Slots => 1;

    protected JsonPath Path => path;

    private bool IsNullable => definition.IsNullable;

    /// <summary>The column of a field.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: a type that JSON does not
    /// tell.</exception>
    public static JsonColumn For(Field field, JsonPath? parent)
    {
        var path = new JsonPath(parent, field.Name);
        switch (field.Type)
        {
            case StructType fields:
                return new Struct(field, fields, path);
            case MapType map:
                return new Map(field, map, path);
            case ListType or FixedSizeListType:
                var list = (NestedType)field.Type;
                return new List(field, list, path, For(list.Children[0], path));
            default:
                try
                {
                    return new Scalar(field, path, TextColumn.For(field.Type));
                }
                catch (ArrowCidException e) when (e.Code == ErrorCode.Unsupported && e.InnerException is null)
                {
                    throw new ArrowCidException(e.Code, $"{path}: {e.Message}", e);
                }
        }
    }

    /// <summary>Appends a value; the reader stands at its first token, and then at its last.</summary>
    public void Append(ref Utf8JsonReader reader, JsonLines lines)
    {
        if (reader.TokenType != JsonTokenType.Null) AppendValue(ref reader, lines);
        else if (IsNullable) AppendNull();
        else throw lines.At(in reader, $"{path} is null, and it may not be");
    }

    /// <summary>Appends a null for a key that is not there.</summary>
    public void AppendMissing(in Utf8JsonReader reader, JsonLines lines)
    {
        if (!IsNullable) throw lines.At(in reader, $"{path} is missing, and it may not be null");
        AppendNull();
    }

    protected abstract void AppendValue(ref Utf8JsonReader reader, JsonLines lines);

    protected InvalidTextException Misfit(in Utf8JsonReader reader, JsonLines lines)
    {
        string shown = reader.TokenType switch
        {
            JsonTokenType.StartObject => "an object",
            JsonTokenType.StartArray => "an array",
            _ when reader.ValueSpan.Length <= MostShown => Encoding.UTF8.GetString(reader.ValueSpan),
            _ => Encoding.UTF8.GetString(reader.ValueSpan[..MostShown]) + "…",
        };
        return lines.At(in reader, $"{path} is {definition.Type}, and {shown} is no such value");
    }

    private void AppendNull() => builder.AppendNull();

    /// <summary>The names of a struct or of a row, and their columns.</summary>
    internal sealed class Members
    {
        private readonly JsonColumn[] _columns;
        private readonly Dictionary<string, int> _byName = new(StringComparer.Ordinal);
        private readonly long[] _seenIn;
        private readonly JsonPath? _path;
        private long _instance;

        public Members(IEnumerable<Field> fields, JsonPath? path)
        {
            _path = path;
            _columns = [.. fields.Select(field => For(field, path))];
            _seenIn = new long[_columns.Length];
            for (int i = 0; i < _columns.Length; i++)
            {
                if (_byName.TryAdd(_columns[i].Name, i)) continue;
                throw new ArrowCidException(ErrorCode.Unsupported,
                    $"two fields are named {_columns[i].Path}, and an object holds a key once");
            }
        }

        public IReadOnlyList<JsonColumn> Columns => _columns;

        /// <summary>Slots that were filled because a key was not there.</summary>
        public long Missing { get; private set; }

        /// <summary>Reads an object, and appends one value to each column.</summary>
        public void Append(ref Utf8JsonReader reader, JsonLines lines)
        {
            long instance = ++_instance;
            int seen = 0;
            int expected = 0;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                // Keys mostly come in the order of the columns.
                if (expected == _columns.Length || !reader.ValueTextEquals(_columns[expected].Name))
                {
                    string name = Encoding.UTF8.GetString(lines.Text(in reader));
                    if (!_byName.TryGetValue(name, out expected))
                    {
                        throw lines.At(in reader, $"the key {new JsonPath(_path, name)} is no column of the schema; " +
                            $"there are: {string.Join(", ", _byName.Keys)}");
                    }
                }

                if (_seenIn[expected] == instance)
                    throw lines.At(in reader, $"the key {_columns[expected].Path} comes twice in one object");
                _seenIn[expected] = instance;
                reader.Read();
                _columns[expected++].Append(ref reader, lines);
                seen++;
            }

            if (seen == _columns.Length) return;
            for (int i = 0; i < _columns.Length; i++)
            {
                if (_seenIn[i] == instance) continue;
                _columns[i].AppendMissing(in reader, lines);
                Missing += _columns[i].Slots;
            }
        }
    }

    private sealed class Scalar(Field field, JsonPath path, TextColumn column) : JsonColumn(field, path, column.Builder)
    {
        private readonly Form _form = FormOf(field.Type);

        private enum Form
        {
            Boolean,
            Whole,
            Float,
            Decimal,
            String,
        }

        protected override void AppendValue(ref Utf8JsonReader reader, JsonLines lines)
        {
            bool isFitting = (reader.TokenType, _form) switch
            {
                (JsonTokenType.True or JsonTokenType.False, Form.Boolean) => column.TryAppend(reader.ValueSpan),
                (JsonTokenType.Number, Form.Whole or Form.Float or Form.Decimal) => column.TryAppend(reader.ValueSpan),
                (JsonTokenType.String, Form.Float) => reader.ValueSpan is [(byte)'N', ..] or [(byte)'I', ..]
                    or [(byte)'-', (byte)'I', ..] && column.TryAppend(reader.ValueSpan),
                (JsonTokenType.String, Form.Decimal or Form.String) => column.TryAppend(lines.Text(in reader)),
                _ => false,
            };
            if (!isFitting) throw Misfit(in reader, lines);
        }

        private static Form FormOf(ArrowType type) => type switch
        {
            DictionaryType coded => FormOf(coded.ValueType),
            RunEndEncodedType runs => FormOf(runs.Values.Type),
            DecimalType => Form.Decimal,
            _ when type.Id == ArrowTypeId.Boolean => Form.Boolean,
            _ when type.IsFloat() => Form.Float,
            _ when type.Id is >= ArrowTypeId.Int8 and <= ArrowTypeId.UInt64 => Form.Whole,
            _ => Form.String,
        };
    }

    private sealed class Struct : JsonColumn
    {
        private readonly Members _members;
        private readonly StructBuilder _builder;

        public Struct(Field field, StructType type, JsonPath path)
            : this(field, type, path, new Members(type.Children, path))
        {
        }

        private Struct(Field field, StructType type, JsonPath path, Members members)
            : base(field, path, new StructBuilder(type, [.. members.Columns.Select(column => column.Builder)]))
        {
            (_members, _builder) = (members, (StructBuilder)Builder);
            Slots = 1 + members.Columns.Sum(column => column.Slots);
        }

        public override long Slots { get; }

        protected override void AppendValue(ref Utf8JsonReader reader, JsonLines lines)
        {
            if (reader.TokenType != JsonTokenType.StartObject) throw Misfit(in reader, lines);
            _members.Append(ref reader, lines);
            _builder.Append();
        }
    }

    private sealed class List(Field field, NestedType type, JsonPath path, JsonColumn items)
        : JsonColumn(field, path, new ListBuilder(type, items.Builder))
    {
        private readonly int _fixedSize = type is FixedSizeListType list ? list.ListSize : -1;

        public override long Slots => 1 + Math.Max(_fixedSize, 0) * items.Slots;

        protected override void AppendValue(ref Utf8JsonReader reader, JsonLines lines)
        {
            if (reader.TokenType != JsonTokenType.StartArray) throw Misfit(in reader, lines);
            int count = 0;
            for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; count++)
                items.Append(ref reader, lines);
            if (_fixedSize >= 0 && count != _fixedSize)
            {
                throw lines.At(in reader, string.Create(CultureInfo.InvariantCulture,
                    $"{Path} has {count} elements where {_fixedSize} are due"));
            }

            ((ListBuilder)Builder).Append();
        }
    }

    /// <summary>An array of [key, value] arrays.</summary>
    private sealed class Map : JsonColumn
    {
        private readonly JsonColumn _key, _value;
        private readonly StructBuilder _entries;

        public Map(Field field, MapType type, JsonPath path)
            : this(field, type, path, For(type.Entries.Type.Children[0], path),
                For(type.Entries.Type.Children[1], path))
        {
        }

        private Map(Field field, MapType type, JsonPath path, JsonColumn key, JsonColumn value) : base(field, path,
            new ListBuilder(type, new StructBuilder((StructType)type.Entries.Type, key.Builder, value.Builder)))
        {
            (_key, _value) = (key, value);
            _entries = (StructBuilder)((ListBuilder)Builder).Items;
        }

        protected override void AppendValue(ref Utf8JsonReader reader, JsonLines lines)
        {
            if (reader.TokenType != JsonTokenType.StartArray) throw Misfit(in reader, lines);
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType != JsonTokenType.StartArray) throw NoEntry(in reader, lines);
                Part(ref reader, lines, _key);
                Part(ref reader, lines, _value);
                if (reader.Read() && reader.TokenType != JsonTokenType.EndArray) throw NoEntry(in reader, lines);
                _entries.Append();
            }

            ((ListBuilder)Builder).Append();
        }

        private void Part(ref Utf8JsonReader reader, JsonLines lines, JsonColumn part)
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.EndArray) throw NoEntry(in reader, lines);
            part.Append(ref reader, lines);
        }

        private InvalidTextException NoEntry(in Utf8JsonReader reader, JsonLines lines) =>
            lines.At(in reader, $"{Path} is a map: an array of [key, value] arrays");
    }
}
