using System.Text;
using ArrowCid.Columnar;

namespace ArrowCid.Tests.Canonical;

/// <summary>What section 4 asks of a schema.</summary>
internal static class SchemaRules
{
    public const int MaxDepth = 32;

    private static readonly UTF8Encoding s_strict = new(false, true);

    public static void Check(Schema schema)
    {
        Metadata(schema.Metadata, "");
        foreach (Field field in schema.Fields) Check(field, field.Name, 1);
    }

    public static byte[] Utf8(string text, string path)
    {
        try
        {
            return s_strict.GetBytes(text);
        }
        catch (EncoderFallbackException e)
        {
            throw new InvalidArrowException("a name or metadata is not UTF-8", path, inner: e);
        }
    }

    public static bool IsUtf8(ReadOnlySpan<byte> bytes)
    {
        try
        {
            s_strict.GetCharCount(bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private static void Check(Field field, string path, int depth)
    {
        if (depth > MaxDepth) throw new InvalidArrowException("nesting is deeper than 32", path);
        Utf8(field.Name, path);
        Metadata(field.Metadata, path);
        ArrowType type = field.Type is DictionaryType d ? d.ValueType : field.Type;
        foreach (Field child in type.Children) Check(child, $"{path}.{child.Name}", depth + 1);
    }

    private static void Metadata(IReadOnlyList<KeyValuePair<string, string>> pairs, string path)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string key, string value) in pairs)
        {
            Utf8(key, path);
            Utf8(value, path);
            if (!keys.Add(key)) throw new InvalidArrowException("a metadata key is given twice", path);
        }
    }
}
