using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using ArrowCid.Memory;

namespace ArrowCid.Columnar;

/// <summary>Schemas and fields as structs ArrowSchema to be.</summary>
internal static class CSchemaWriter
{
    private static readonly UTF8Encoding s_utf8 = new(false, throwOnInvalidBytes: true);

    // Schemas are exported with each of their batches.
    private static readonly ConditionalWeakTable<Schema, CSchemaNode> s_known = [];

    public static CSchemaNode Of(Schema schema) => s_known.GetValue(schema, static schema =>
        new CSchemaNode(new CText("+s"u8), new CText([]), Metadata(schema.Metadata, null), 0,
            [.. schema.Fields.Select(field => Of(field, null))], null));

    public static CSchemaNode Of(Field field) => Of(field, null);

    private static CSchemaNode Of(Field field, FieldPath? parent)
    {
        var path = new FieldPath(parent, field.Name);
        long flags = field.IsNullable ? CSchema.Nullable : 0;
        return Of(field.Type, Text(field.Name, "a field's name", path), Metadata(field.Metadata, path), flags, path);
    }

    private static CSchemaNode Of(ArrowType type, CText name, CText? metadata, long flags, FieldPath path)
    {
        if (type is MapType { KeysSorted: true }) flags |= CSchema.MapKeysSorted;
        CSchemaNode? values = null;
        if (type is DictionaryType dictionary)
        {
            if (dictionary.IsOrdered) flags |= CSchema.DictionaryOrdered;
            values = Of(dictionary.ValueType, new CText([]), null, CSchema.Nullable, path);
        }

        return new CSchemaNode(Text(CFormat.Of(type), "a time zone", path), name, metadata, flags,
            [.. type.Children.Select(child => Of(child, path))], values);
    }

    private static CText? Metadata(IReadOnlyList<KeyValuePair<string, string>> pairs, FieldPath? path)
    {
        if (pairs.Count == 0) return null;
        var encoded = new ByteBuffer();
        BinaryPrimitives.WriteInt32LittleEndian(encoded.Extend(sizeof(int)), pairs.Count);
        foreach (KeyValuePair<string, string> pair in pairs)
        {
            Add(pair.Key);
            Add(pair.Value);
        }

        return new CText(encoded.Take().Span);

        void Add(string text)
        {
            byte[] bytes = Bytes(text, "metadata", path);
            BinaryPrimitives.WriteInt32LittleEndian(encoded.Extend(sizeof(int)), bytes.Length);
            bytes.CopyTo(encoded.Extend(bytes.Length));
        }
    }

    private static CText Text(string text, string what, FieldPath path) =>
        !text.Contains('\0', StringComparison.Ordinal)
            ? new CText(Bytes(text, what, path))
            : throw new InvalidArrowException($"{what} with a NUL has no form in the C Data Interface", path,
                code: ErrorCode.Unsupported);

    private static byte[] Bytes(string text, string what, FieldPath? path)
    {
        try
        {
            return s_utf8.GetBytes(text);
        }
        catch (EncoderFallbackException e)
        {
            throw new InvalidArrowException($"{what} is not Unicode text", path, inner: e);
        }
    }
}
