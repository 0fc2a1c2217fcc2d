using System.Text.Json.Serialization;

namespace ArrowCid.Cli.Demo;

/// <summary>Serialization without reflection, which would cost a short command its start.</summary>
[JsonSerializable(typeof(DemoReading))]
internal sealed partial class DemoJson : JsonSerializerContext;
