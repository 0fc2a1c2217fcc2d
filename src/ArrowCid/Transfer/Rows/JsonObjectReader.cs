using System.Text.Json;

namespace ArrowCid.Transfer;

/// <summary>Reads an object from its first brace to its last.</summary>
internal delegate void JsonObjectReader(ref Utf8JsonReader reader);
