using System.Globalization;
using System.Text;
using System.Text.Json;
using ArrowCid.Columnar;

namespace ArrowCid.Transfer;

/// <summary>What the values at one place of JSON lines are, as far as they were seen (<c>INFERENCE.md</c>, version 1).
/// </summary>
internal sealed class JsonShape(string name, JsonPath? path)
{
    /// <summary>Keys of all objects together, at most.</summary>
    private const int MostKeys = 10_000;

    private readonly TextKinds _kinds = new();
    private readonly List<JsonShape> _fields = [];
    private readonly Dictionary<string, JsonShape> _byName = new(StringComparer.Ordinal);
    private JsonShape? _item;
    private Family _family;
    private long _firstLine;
    private long _oddLine;
    private long _objects;
    private long _seenIn;

    private enum Family
    {
        None,
        Boolean,
        Number,
        String,
        Array,
        Object,
    }

    /// <summary>The fields of an object that are not of a given type, in the order of their first coming.</summary>
    public IEnumerable<(string Name, JsonShape Shape)> Fields => _fields.Select(each => (each.Name, each));

    private string Name => name;

    /// <summary>Takes in a value; the reader stands at its first token, and then at its last.</summary>
    public void Add(ref Utf8JsonReader reader, JsonLines lines, ref int keys)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                break;
            case JsonTokenType.True or JsonTokenType.False:
                Is(Family.Boolean, in reader, lines);
                _kinds.AddBoolean();
                break;
            case JsonTokenType.Number:
                Is(Family.Number, in reader, lines);
                _kinds.AddNumber(reader.ValueSpan);
                if (_oddLine == 0 && _kinds.OfValues() is null) _oddLine = lines.Number;
                break;
            case JsonTokenType.String:
                Is(Family.String, in reader, lines);
                _ = _kinds.AddString(lines.Text(in reader));
                break;
            case JsonTokenType.StartArray:
                Is(Family.Array, in reader, lines);
                _item ??= new JsonShape("item", new JsonPath(path, "[]"));
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    _item.Add(ref reader, lines, ref keys);
                break;
            default:
                Is(Family.Object, in reader, lines);
                AddObject(ref reader, lines, given: null, ref keys);
                break;
        }
    }

    /// <summary>Takes in an object; fields of a given type are tried and not inferred.</summary>
    public void AddObject(ref Utf8JsonReader reader, JsonLines lines, IReadOnlyDictionary<string, JsonColumn>? given,
        ref int keys)
    {
        long instance = ++_objects;
        HashSet<JsonColumn>? seen = given is { Count: > 0 } ? [] : null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = Encoding.UTF8.GetString(lines.Text(in reader));
            if (given is not null && given.TryGetValue(key, out JsonColumn? column))
            {
                if (!seen!.Add(column)) throw Duplicate(in reader, lines, key);
                reader.Read();
                column.Append(ref reader, lines);
                continue;
            }

            if (!_byName.TryGetValue(key, out JsonShape? field))
            {
                if (++keys > MostKeys)
                {
                    throw lines.At(in reader, string.Create(CultureInfo.InvariantCulture,
                        $"more than {MostKeys} keys in all; write what varies as a list of keys and values"));
                }

                field = new JsonShape(key, new JsonPath(path, key));
                _byName.Add(key, field);
                _fields.Add(field);
            }

            if (field._seenIn == instance) throw Duplicate(in reader, lines, key);
            field._seenIn = instance;
            reader.Read();
            field.Add(ref reader, lines, ref keys);
        }

        if (given is null) return;
        foreach (JsonColumn column in given.Values)
        {
            if (!seen!.Contains(column)) column.AppendMissing(in reader, lines);
        }
    }

    /// <summary>The type that holds all that was seen.</summary>
    public ArrowType Type() => _family switch
    {
        Family.Array => new ListType(new Field("item", _item!.Type())),
        Family.Object => new StructType([.. _fields.Select(field => new Field(field.Name, field.Type()))]),
        _ => _kinds.OfValues() ?? throw new InvalidTextException(
            $"the numbers at {path} have no type that holds them all; give it one, such as float64 or " +
            "decimal128(38, 0)", _oddLine, 1),
    };

    private InvalidTextException Duplicate(in Utf8JsonReader reader, JsonLines lines, string key) =>
        lines.At(in reader, $"the key {new JsonPath(path, key)} comes twice in one object");

    private void Is(Family family, in Utf8JsonReader reader, JsonLines lines)
    {
        if (_family == Family.None) (_family, _firstLine) = (family, lines.Number);
        if (_family == family) return;
        throw lines.At(in reader, string.Create(CultureInfo.InvariantCulture,
            $"{path} is {Of(family)} here and {Of(_family)} in line {_firstLine}; a column has one type"));
    }

    private static string Of(Family family) => family switch
    {
        Family.Boolean => "a boolean",
        Family.Number => "a number",
        Family.String => "a string",
        Family.Array => "an array",
        _ => "an object",
    };
}
