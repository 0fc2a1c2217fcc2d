using System.Text.Json.Serialization;

namespace ArrowCid.Flight.Service;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StorePlace))]
internal sealed partial class StorePlaceJson : JsonSerializerContext;
