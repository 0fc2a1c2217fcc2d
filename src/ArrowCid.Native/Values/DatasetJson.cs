using System.Text.Json;

namespace ArrowCid.Native;

/// <summary>What is part of a dataset beside its batches, as the header's JSON object.</summary>
/// <param name="Metadata">Its metadata.</param>
/// <param name="Parents">The datasets that it was made of.</param>
internal sealed record DatasetJson(IReadOnlyDictionary<string, string> Metadata, IReadOnlyList<Cid> Parents)
{
    // SAFETY: the text is the caller's, ended by a NUL, for the call.

    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is no such object.</exception>
    public static unsafe DatasetJson Read(byte* text)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        List<Cid> parents = [];
        if (text is null) return new DatasetJson(metadata, parents);
        try
        {
            using JsonDocument document = JsonDocument.Parse(Utf8Text.Read(text, "dataset_json"));
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) throw NativeError.Invalid("dataset_json is not an object");
            foreach (JsonProperty each in root.EnumerateObject())
            {
                if (each is { Name: "metadata", Value.ValueKind: JsonValueKind.Object })
                {
                    foreach (JsonProperty pair in each.Value.EnumerateObject())
                        metadata[pair.Name] = FactsJson.Text(pair.Value, $"metadata.{pair.Name}");
                }
                else if (each is { Name: "parents", Value.ValueKind: JsonValueKind.Array })
                {
                    parents = [.. each.Value.EnumerateArray().Select(parent =>
                        FactsJson.Parent(FactsJson.Text(parent, "parents")))];
                }
                else
                {
                    throw NativeError.Invalid($"dataset_json has '{each.Name}' of {each.Value.ValueKind}; it takes " +
                        "metadata, an object of texts, and parents, an array of CIDs");
                }
            }
        }
        catch (JsonException)
        {
            throw NativeError.Invalid("dataset_json is no JSON");
        }

        return new DatasetJson(metadata, parents);
    }
}
