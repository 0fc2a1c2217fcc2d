using System.Text;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>Key and value pairs as the canonical form keeps them.</summary>
internal static class CanonicalMetadata
{
    /// <summary>A schema's metadata, sorted by the keys' UTF-8 bytes.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> OfSchema(Schema schema) => Sorted(schema.Metadata, null);

    /// <summary>A field's metadata, sorted by the keys' UTF-8 bytes, without an empty extension metadata.</summary>
    /// <param name="field">The field.</param>
    /// <param name="path">Its path, for errors.</param>
    /// <param name="keepsAll">False where the form keeps the extension keys alone.</param>
    public static IReadOnlyList<KeyValuePair<string, string>> OfField(Field field, FieldPath? path, bool keepsAll) =>
        [.. Sorted(field.Metadata, path).Where(pair => pair.Key switch
        {
            Field.ExtensionMetadataKey => pair.Value.Length > 0,
            Field.ExtensionNameKey => true,
            _ => keepsAll,
        })];

    private static KeyValuePair<string, string>[] Sorted(
        IReadOnlyList<KeyValuePair<string, string>> pairs, FieldPath? path)
    {
        if (pairs.Count == 0) return [];
        var sorted = pairs.Select(pair => (Bytes: Encoding.UTF8.GetBytes(pair.Key), Pair: pair)).ToArray();
        Array.Sort(sorted, static (left, right) => left.Bytes.AsSpan().SequenceCompareTo(right.Bytes));
        for (int i = 1; i < sorted.Length; i++)
        {
            if (sorted[i].Pair.Key == sorted[i - 1].Pair.Key)
                throw new InvalidArrowException($"the metadata key '{sorted[i].Pair.Key}' is given twice", path);
        }

        return [.. sorted.Select(item => item.Pair)];
    }
}
