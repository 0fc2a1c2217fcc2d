using System.Text.Json;
using System.Text.Json.Serialization;

namespace ArrowCid.Flight.Service;

/// <summary>Where a store is on its machine, for a client there to open it itself.</summary>
/// <param name="Directory">The directory.</param>
/// <param name="Store">The store's id, which tells it from another of the same directory elsewhere.</param>
internal sealed record StorePlace(string Directory, Guid Store)
{
    public static string TextOf(CidStore store) => JsonSerializer.Serialize(
        new StorePlace(store.Directory, store.GetFigures().Id), StorePlaceJson.Default.StorePlace);

    public static StorePlace? Of(string text) => JsonSerializer.Deserialize(text, StorePlaceJson.Default.StorePlace);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StorePlace))]
internal sealed partial class StorePlaceJson : JsonSerializerContext;
