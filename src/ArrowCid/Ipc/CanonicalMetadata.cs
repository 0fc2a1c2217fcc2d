using System.Text;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>Key and value pairs as the canonical form keeps them.</summary>
internal static class CanonicalMetadata
{
    /// <summary>Sorted by the keys' UTF-8 bytes, without an empty extension metadata, each key once.</summary>
    /// <param name="pairs">The writer's pairs.</param>
    /// <param name="path">The field's path for errors; empty for a schema.</param>
    /// <param name="keepsAll">False where the form keeps the extension keys alone.</param>
    public static IReadOnlyList<KeyValuePair<string, string>> Of(IReadOnlyList<KeyValuePair<string, string>> pairs,
        string path, bool keepsAll)
    {
        if (pairs.Count == 0) return [];
        var sorted = pairs.Select(pair => (Bytes: Encoding.UTF8.GetBytes(pair.Key), Pair: pair)).ToArray();
        Array.Sort(sorted, static (left, right) => left.Bytes.AsSpan().SequenceCompareTo(right.Bytes));
        for (int i = 1; i < sorted.Length; i++)
        {
            if (sorted[i].Pair.Key == sorted[i - 1].Pair.Key)
                throw new InvalidArrowException($"the metadata key '{sorted[i].Pair.Key}' is given twice", path);
        }

        return [.. sorted.Select(item => item.Pair).Where(pair => pair.Key switch
        {
            Field.ExtensionMetadataKey => path.Length == 0 || pair.Value.Length > 0,
            Field.ExtensionNameKey => true,
            _ => keepsAll,
        })];
    }
}
