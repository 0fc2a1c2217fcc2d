using System.Text.Json;
using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>Checked statements as members of a JSON object, the same wherever one is shown.</summary>
internal static class StatementJson
{
    public static void Write(Utf8JsonWriter writer, StatementCheck check)
    {
        writer.WriteString("statement", check.Cid.ToString());
        writer.WriteString("signature", check.SignatureCid.ToString());
        writer.WriteString("state", JsonNamingPolicy.CamelCase.ConvertName(check.State.ToString()));
        if (check.Fault is { } fault) writer.WriteString("fault", fault);
        if (check.Signed is { } signed)
        {
            writer.WriteBase64String("block", signed.Block.Span);
            writer.WriteBase64String("cose", signed.Signature.Span);
        }

        if (check.Statement is not { } said) return;
        writer.WriteString("key", said.Key);
        writer.WriteString("time", EntryJson.Time(said.Time));
        writer.WriteString("name", said.Name);
        writer.WriteString("previous", said.Previous?.ToString());
        writer.WriteStartObject("says");
        foreach ((string key, string value) in said.Says) writer.WriteString(key, value);
        writer.WriteEndObject();
    }
}
