using System.Text.Json.Serialization;

namespace ArrowCid.S3;

/// <summary>How the objects of a bucket are read from JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(BucketFormat))]
internal sealed partial class BucketJson : JsonSerializerContext;
