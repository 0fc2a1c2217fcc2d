using System.Text;
using ArrowCid.Memory;

namespace ArrowCid.Columnar;

/// <summary>One foreign struct ArrowSchema as a schema or field. All that can be checked is; nothing is kept of
/// it.</summary>
internal sealed class CSchemaReader
{
    private const int MaxDepth = 32, MaxFields = 1 << 20, MaxFormat = 1 << 16, MaxName = 1 << 20;

    private static readonly UTF8Encoding s_utf8 = new(false, throwOnInvalidBytes: true);

    // Children may point at each other: what is read is counted.
    private int _fields = MaxFields;

    public static Schema Schema(CSchemaView view)
    {
        var reader = new CSchemaReader();
        Field field = reader.Read(view, null, 0);
        return field.Type is StructType type
            ? new Schema(type.Children, field.Metadata)
            : throw new InvalidArrowException($"a batch's schema is a struct, not {field.Type}");
    }

    public static Field Field(CSchemaView view) => new CSchemaReader().Read(view, null, 1);

    private Field Read(CSchemaView view, FieldPath? parent, int depth)
    {
        if (view.IsReleased)
            throw new InvalidArrowException("the struct ArrowSchema was released or moved", parent);
        string name = Text(view.Name(MaxName), MaxName, "a field's name", parent);
        FieldPath? path = depth == 0 ? null : new FieldPath(parent, name);
        KeyValuePair<string, string>[] metadata = Metadata(view, path);
        ArrowType type = ReadType(view, path, depth);
        if (view.Dictionary is { } values) type = Dictionary(type, values, view.Flags, path, depth);
        return new Field(name, type, (view.Flags & CSchema.Nullable) != 0, metadata);
    }

    private ArrowType ReadType(CSchemaView view, FieldPath? path, int depth)
    {
        if (!view.HasFormat) throw new InvalidArrowException("a struct ArrowSchema has no format", path);
        string format = Text(view.Format(MaxFormat), MaxFormat, "a format", path);
        Field[] children = Children(view, path, depth + 1);
        return CFormat.Parse(format, children, (view.Flags & CSchema.MapKeysSorted) != 0, path);
    }

    private Field[] Children(CSchemaView view, FieldPath? path, int depth)
    {
        long count = view.ChildCount;
        if (count == 0) return [];
        if (count < 0 || count > _fields)
            throw new InvalidArrowException($"{count} children are not 0 to {MaxFields} in all", path);
        if (depth > MaxDepth) throw new InvalidArrowException($"columns nest deeper than {MaxDepth} levels", path);
        _fields -= (int)count;
        var children = new Field[count];
        for (int i = 0; i < children.Length; i++)
        {
            children[i] = view.Child(i) is { } child
                ? Read(child, path, depth)
                : throw new InvalidArrowException($"child {i} of {count} is NULL", path);
        }

        return children;
    }

    private DictionaryType Dictionary(ArrowType index, CSchemaView values, long flags, FieldPath? path, int depth)
    {
        if (index.Id is < ArrowTypeId.Int8 or > ArrowTypeId.UInt64)
            throw new InvalidArrowException($"a dictionary's indices are integers, not {index}", path);
        if (values.IsReleased) throw new InvalidArrowException("a dictionary was released or moved", path);
        if (values.Dictionary is not null)
            throw new InvalidArrowException("a dictionary's values are not a dictionary", path);
        if (Metadata(values, path).Length > 0)
        {
            throw new InvalidArrowException("metadata of a dictionary's values would be lost; put it on the field",
                path, code: ErrorCode.Unsupported);
        }

        return new DictionaryType(index, ReadType(values, path, depth), (flags & CSchema.DictionaryOrdered) != 0);
    }

    private KeyValuePair<string, string>[] Metadata(CSchemaView view, FieldPath? path)
    {
        if (!view.HasMetadata) return [];
        long at = sizeof(int);
        int count = view.MetadataInt(0);
        if (count < 0 || count > _fields)
            throw new InvalidArrowException($"{count} pairs of metadata are not 0 to {MaxFields} in all", path);
        _fields -= count;
        var pairs = new KeyValuePair<string, string>[count];
        var keys = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            string key = Next("a metadata key");
            if (!keys.Add(key)) throw new InvalidArrowException($"the metadata key '{key}' is given twice", path);
            pairs[i] = new(key, Next("a metadata value"));
        }

        return pairs;

        string Next(string what)
        {
            int length = view.MetadataInt(at);
            at += sizeof(int);
            if (length < 0) throw new InvalidArrowException($"{what} has {length} bytes", path);
            string text = Text(view.MetadataBytes(at, length), int.MaxValue, what, path);
            at += length;
            return text;
        }
    }

    private static string Text(ReadOnlySpan<byte> bytes, int most, string what, FieldPath? path)
    {
        if (bytes.Length > most)
            throw new InvalidArrowException($"{what} does not end within {most} bytes", path);
        try
        {
            return s_utf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidArrowException($"{what} is not UTF-8", path, inner: e);
        }
    }
}
