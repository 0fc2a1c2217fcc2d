using System.Text.Json.Serialization;

namespace ArrowCid.Flight.Service;

/// <summary>JSON without reflection.</summary>
[JsonSerializable(typeof(string[]))]
internal sealed partial class FlightJson : JsonSerializerContext;
