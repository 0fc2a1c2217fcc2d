using System.Globalization;
using System.Text.Json;
using ArrowCid.Columnar;

namespace ArrowCid.Tests.Peers;

/// <summary>
/// Holds a column as we read it against what another reader made of it, slot by slot and level by level, whatever types
/// that reader has. Where they differ the rule of the exception is noted, if there is one; else the difference.
/// </summary>
/// <param name="reader">The reader, as the exceptions name it.</param>
internal sealed class PeerValues(string reader)
{
    private const string BigMark = "n:";
    private readonly SortedSet<string> _exceptions = new(StringComparer.Ordinal);
    private string? _difference;

    /// <summary>The rules by which slots differed.</summary>
    public IReadOnlyCollection<string> Exceptions => _exceptions;

    /// <summary>The leaves that were held against each other.</summary>
    public long Leaves { get; private set; }

    /// <summary>The first difference that no rule covers.</summary>
    public string? Difference => _difference;

    /// <summary>Compares how many rows there are.</summary>
    public void CompareRows(int ours, int theirs)
    {
        if (ours != theirs) _difference ??= $"{ours} rows and {theirs}";
    }

    /// <summary>Compares two arrays.</summary>
    public void Compare(string path, ArrowArray ours, ArrowArray theirs)
    {
        if (ours.Length != theirs.Length) _difference ??= $"{path}: {ours.Length} slots and {theirs.Length}";
        for (int slot = 0; slot < ours.Length && _difference is null; slot++) Compare(path, ours, slot, theirs, slot);
    }

    /// <summary>Compares an array with JSON values, one a slot.</summary>
    public void Compare(string path, ArrowArray ours, IReadOnlyList<JsonElement?> theirs)
    {
        if (ours.Length != theirs.Count) _difference ??= $"{path}: {ours.Length} slots and {theirs.Count}";
        for (int slot = 0; slot < ours.Length && _difference is null; slot++) Compare(path, ours, slot, theirs[slot]);
    }

    private void Compare(string path, ArrowArray one, int i, ArrowArray two, int j)
    {
        ArrowArray? ours = one.Resolve(ref i), theirs = two.Resolve(ref j);
        if (ours is null || theirs is null)
        {
            Leaves++;
            if (ours is null != theirs is null)
                Differ(path, ours is null ? null : Leaf(ours, i), theirs is null ? null : Leaf(theirs, j), one.Type);
            return;
        }

        if (ours.Layout.IsList())
        {
            if (!theirs.Layout.IsList()) _difference ??= $"{path}: {ours.Type} and {theirs.Type}";
            else Compare(path + "[]", ours.GetList(i), theirs.GetList(j));
            return;
        }

        if (ours.Layout == BufferLayout.Struct)
        {
            if (theirs.Layout != BufferLayout.Struct || theirs.Type.Children.Count != ours.Type.Children.Count)
            {
                _difference ??= $"{path}: {ours.Type} and {theirs.Type}";
                return;
            }

            for (int f = 0; f < ours.Type.Children.Count && _difference is null; f++)
                Compare($"{path}.{ours.Type.Children[f].Name}", ours.Field(f), i, theirs.Field(f), j);
            return;
        }

        Leaves++;
        string a = Leaf(ours, i), b = Leaf(theirs, j);
        if (a != b) Differ(path, a, b, ours.Type);
    }

    private void Compare(string path, ArrowArray one, int i, JsonElement? two)
    {
        ArrowArray? ours = one.Resolve(ref i);
        bool isNull = two is not { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) };
        if (ours is null || isNull)
        {
            Leaves++;
            if (ours is null != isNull) Differ(path, ours is null ? null : Leaf(ours, i), two?.GetRawText(), one.Type);
            return;
        }

        JsonElement theirs = two!.Value;
        if (ours.Type is MapType)
        {
            // An object: each key once, as text.
            ArrowArray entries = ours.GetList(i), keys = entries.Field(0);
            Dictionary<string, int>? last = KeysAsText(keys);
            if (last is null || theirs.ValueKind != JsonValueKind.Object)
            {
                Note("maps");
                return;
            }

            if (last.Count != theirs.EnumerateObject().Count()) _difference ??= $"{path}: {theirs.GetRawText()}";
            foreach ((string key, int slot) in last)
            {
                if (_difference is not null) return;
                Compare($"{path}.{key}", entries.Field(1), slot,
                    theirs.TryGetProperty(key, out JsonElement value) ? value : null);
            }

            return;
        }

        if (ours.Layout.IsList())
        {
            if (theirs.ValueKind != JsonValueKind.Array) Differ(path, Leaf(ours, i), theirs.GetRawText(), ours.Type);
            else Compare(path + "[]", ours.GetList(i), [.. theirs.EnumerateArray().Select(item => (JsonElement?)item)]);
            return;
        }

        if (ours.Layout == BufferLayout.Struct)
        {
            IReadOnlyList<Field> fields = ours.Type.Children;
            if (fields.DistinctBy(field => field.Name).Count() < fields.Count)
            {
                Note("names");
                return;
            }

            for (int f = 0; f < fields.Count && _difference is null; f++)
            {
                bool has = theirs.ValueKind == JsonValueKind.Object;
                JsonElement? member = has && theirs.TryGetProperty(fields[f].Name, out JsonElement value) ? value : null;
                Compare($"{path}.{fields[f].Name}", ours.Field(f), i, member);
            }

            return;
        }

        Leaves++;
        string a = Leaf(ours, i);
        string text = theirs.ValueKind == JsonValueKind.String ? theirs.GetString()! : theirs.GetRawText();
        if (text.StartsWith(BigMark, StringComparison.Ordinal) && !ours.Type.IsText()) text = text[BigMark.Length..];
        if (a != text && RawOf(ours, i) != text && !IsSameFloat(ours.Type, a, text)) Differ(path, a, text, ours.Type);
    }

    private static Dictionary<string, int>? KeysAsText(ArrowArray keys)
    {
        var last = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int slot = 0; slot < keys.Length; slot++)
        {
            int at = slot;
            if (keys.Resolve(ref at) is not { } array || !array.Type.IsText()) return null;
            last[array.GetString(at)!] = slot;
        }

        return last;
    }

    private void Differ(string path, string? ours, string? theirs, ArrowType type)
    {
        if (PeerExceptions.RuleFor(reader, type, ours, theirs) is { } rule) Note(rule);
        else _difference ??= $"{path}: {type} {ours ?? "null"} and {theirs ?? "null"}";
    }

    private void Note(string rule) => _exceptions.Add($"{reader}: {rule}");

    /// <summary>A value in a form that does not depend on how wide or in which unit a reader keeps it.</summary>
    private static string Leaf(ArrowArray array, int slot)
    {
        ArrowType type = array.Type;
        if (array.Layout == BufferLayout.Bits) return array.GetBoolean(slot) ? "true" : "false";
        if (type.IsText()) return array.GetString(slot)!;
        if (array.Layout.IsList() || array.Layout == BufferLayout.Struct) return $"a {type}";
        ReadOnlySpan<byte> bytes = array.GetBytes(slot);
        return type.Id switch
        {
            ArrowTypeId.Float16 => Text((double)BitConverter.ToHalf(bytes)),
            ArrowTypeId.Float32 => Text(BitConverter.ToSingle(bytes)),
            ArrowTypeId.Float64 => Text(BitConverter.ToDouble(bytes)),
            >= ArrowTypeId.Decimal32 and <= ArrowTypeId.Decimal256 =>
                DecimalBytes.Text(bytes, ((DecimalType)type).Scale),
            ArrowTypeId.Date32 => $"day {Number(bytes, true)}",
            ArrowTypeId.Date64 => Number(bytes, true) % 86_400_000 == 0
                ? $"day {Number(bytes, true) / 86_400_000}" : $"ms {Number(bytes, true)}",
            ArrowTypeId.Time32 or ArrowTypeId.Time64 or ArrowTypeId.Timestamp =>
                $"{Number(bytes, true) * Nanoseconds(type)} ns",
            ArrowTypeId.Duration => $"{Number(bytes, true)}",
            >= ArrowTypeId.Int8 and <= ArrowTypeId.UInt64 =>
                $"{Number(bytes, type.Id is ArrowTypeId.Int8 or ArrowTypeId.Int16 or ArrowTypeId.Int32 or ArrowTypeId.Int64)}",
            _ => Convert.ToBase64String(bytes),
        };
    }

    /// <summary>A date, time or instant as the bare number that the file holds.</summary>
    private static string? RawOf(ArrowArray array, int slot) =>
        array.Type.Id is >= ArrowTypeId.Date32 and <= ArrowTypeId.Timestamp
            ? $"{Number(array.GetBytes(slot), true)}" : null;

    private static Int128 Nanoseconds(ArrowType type) => (type is TimestampType stamp ? stamp.Unit : ((TimeType)type).Unit) switch
    {
        TimeUnit.Second => 1_000_000_000,
        TimeUnit.Millisecond => 1_000_000,
        TimeUnit.Microsecond => 1_000,
        _ => 1,
    };

    private static Int128 Number(ReadOnlySpan<byte> bytes, bool isSigned)
    {
        Span<byte> wide = stackalloc byte[16];
        wide.Fill(isSigned && bytes[^1] >= 0x80 ? (byte)0xFF : (byte)0);
        bytes.CopyTo(wide);
        return new Int128(BitConverter.ToUInt64(wide[8..]), BitConverter.ToUInt64(wide));
    }

    /// <summary>JavaScript writes exponents in another way.</summary>
    private static bool IsSameFloat(ArrowType type, string ours, string theirs) =>
        type.Id is >= ArrowTypeId.Float16 and <= ArrowTypeId.Float64
        && double.TryParse(theirs, CultureInfo.InvariantCulture, out double value) && Text(value) == ours;

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
