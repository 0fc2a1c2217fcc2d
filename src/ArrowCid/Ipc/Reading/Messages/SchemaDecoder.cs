using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>A schema as IPC metadata describes it.</summary>
internal sealed class SchemaDecoder
{
    private const int MaxDepth = 32;

    private SchemaDecoder(Schema schema, FieldPlan[] plans, bool isBigEndian) =>
        (Schema, Plans, IsBigEndian) = (schema, plans, isBigEndian);

    public Schema Schema { get; }

    public FieldPlan[] Plans { get; }

    public bool IsBigEndian { get; }

    public static SchemaDecoder Decode(FlatTable table, IReadOnlySet<string>? dropped)
    {
        short endianness = table.Short(0);
        if (endianness is not (0 or 1))
        {
            throw new InvalidArrowException($"{endianness} is not a byte order (0 little, 1 big)",
                offset: table.Offset);
        }

        FieldPlan[] plans = Fields(table.Vector(1, 4), table, dropped, null, 1);
        KeyValuePair<string, string>[] metadata = Metadata(table.Vector(2, 4), table, dropped, null);
        return new SchemaDecoder(new Schema(plans.Select(plan => plan.Field), metadata), plans, endianness == 1);
    }

    private static FieldPlan[] Fields(FlatVector fields, FlatTable holder, IReadOnlySet<string>? dropped,
        FieldPath? parent, int depth)
    {
        if (fields.Count == 0) return [];
        if (depth > MaxDepth)
        {
            throw new InvalidArrowException($"columns nest deeper than {MaxDepth} levels", parent,
                offset: holder.Offset);
        }

        holder.Limits.TakeFields(fields.Count, holder.Offset);
        var plans = new FieldPlan[fields.Count];
        for (int i = 0; i < plans.Length; i++) plans[i] = Field(fields.Table(i), dropped, parent, depth);
        return plans;
    }

    private static FieldPlan Field(FlatTable table, IReadOnlySet<string>? dropped, FieldPath? parent, int depth)
    {
        string name = table.Text(0, "a field's name", parent) ?? "";
        var path = new FieldPath(parent, name);
        FieldPlan[] children = Fields(table.Vector(5, 4), table, dropped, path, depth + 1);
        ArrowType type = TypeDecoder.Decode(table, Array.ConvertAll(children, child => child.Field), path);
        long dictionaryId = 0;
        if (table.TryTable(4, out FlatTable encoding))
        {
            dictionaryId = encoding.Long(0);
            if (encoding.Short(3) != 0)
            {
                throw new InvalidArrowException(
                    $"dictionaries of kind {encoding.Short(3)} are not known (0 is dense)", path,
                    offset: encoding.Offset);
            }

            ArrowType index = encoding.TryTable(1, out FlatTable integer)
                ? TypeDecoder.Integer(integer, path)
                : ArrowType.Int32;
            type = new DictionaryType(index, type, encoding.Flag(2));
        }

        var field = new Field(name, type, table.Flag(1), Metadata(table.Vector(6, 4), table, dropped, path));
        return new FieldPlan(field, path, children, dictionaryId, table.Offset);
    }

    private static KeyValuePair<string, string>[] Metadata(FlatVector pairs, FlatTable holder,
        IReadOnlySet<string>? dropped, FieldPath? path)
    {
        if (pairs.Count == 0) return [];
        holder.Limits.TakeFields(pairs.Count, holder.Offset);
        var metadata = new KeyValuePair<string, string>[pairs.Count];
        var keys = new HashSet<string>(pairs.Count, StringComparer.Ordinal);
        for (int i = 0; i < metadata.Length; i++)
        {
            FlatTable pair = pairs.Table(i);
            string key = pair.Text(0, "a metadata key", path) ?? "";
            string value = pair.Text(1, "a metadata value", path) ?? "";
            if (!keys.Add(key))
                throw new InvalidArrowException($"the metadata key '{key}' is given twice", path, offset: pair.Offset);
            metadata[i] = new(key, value);
        }

        return dropped is null ? metadata : [.. metadata.Where(pair => !dropped.Contains(pair.Key))];
    }
}
