using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Signing;

namespace ArrowCid.Parquet;

/// <summary>Reads what stands under a file's own keys; what does not make sense is as if it were not there, unless the
/// batches cannot be had without it.</summary>
internal static class ArrowCidMetadataKeys
{
    /// <summary>A schema in base64, or null.</summary>
    public static Schema? SchemaUnder(FileMetadata file, string key, IReadOnlySet<string>? dropped)
    {
        if (file.ValueOf(key) is not { } text) return null;
        byte[] bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, bytes, out int length)) return null;
        try
        {
            using var reader = ArrowReader.Open(bytes.AsMemory(0, length),
                new ArrowReadOptions { DropMetadata = dropped });
            return reader.SchemaView;
        }
        catch (ArrowCidException)
        {
            return null;
        }
    }

    /// <summary>The items of a JSON array.</summary>
    public static JsonElement[] Items(FileMetadata file, string key) =>
        Parse(file, key) is { ValueKind: JsonValueKind.Array } array ? [.. array.EnumerateArray()] : [];

    /// <summary>The texts of a JSON array.</summary>
    public static string[] Texts(JsonElement array) => array.ValueKind == JsonValueKind.Array
        ? [.. array.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : "")]
        : [];

    /// <summary>The CIDs that a file claims; none where they are not all CIDs.</summary>
    public static Cid[] Cids(FileMetadata file)
    {
        var cids = new List<Cid>();
        foreach (JsonElement item in Items(file, FileKeys.Batches))
        {
            if (item.ValueKind != JsonValueKind.String || !Cid.TryParse(item.GetString()!, out Cid cid)) return [];
            cids.Add(cid);
        }

        return [.. cids];
    }

    /// <summary>The signed statements that a file carries, of which nothing is proved; what is no pair of base64 is
    /// left out.</summary>
    public static IReadOnlyList<SignedStatement> Statements(FileMetadata file)
    {
        var found = new List<SignedStatement>();
        foreach (JsonElement pair in Items(file, FileKeys.Statements))
        {
            bool isPair = pair.ValueKind == JsonValueKind.Array && pair.GetArrayLength() == 2 &&
                pair[0].ValueKind == JsonValueKind.String && pair[1].ValueKind == JsonValueKind.String;
            if (isPair && pair[0].TryGetBytesFromBase64(out byte[]? block) &&
                pair[1].TryGetBytesFromBase64(out byte[]? signature))
            {
                found.Add(SignedStatement.FromBytes(block, signature));
            }
        }

        return found;
    }

    /// <summary>The dictionaries that no page holds.</summary>
    public static Dictionary<string, string> Dictionaries(FileMetadata file)
    {
        var blocks = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Parse(file, FileKeys.Dictionaries) is not { ValueKind: JsonValueKind.Object } members) return blocks;
        foreach (JsonProperty member in members.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.String) blocks[member.Name] = member.Value.GetString()!;
        }

        return blocks;
    }

    private static JsonElement? Parse(FileMetadata file, string key)
    {
        if (file.ValueOf(key) is not { } text) return null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
