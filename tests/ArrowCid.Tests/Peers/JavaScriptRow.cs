using System.Globalization;
using System.Text.Json;

namespace ArrowCid.Tests.Peers;

/// <summary>A row as JavaScript printed it, held against ours. JavaScript has one kind of number and one of instant: its
/// big ones come as <c>n:DIGITS</c>, its instants to the millisecond, and a key without a value is a null.</summary>
internal static class JavaScriptRow
{
    private const string BigMark = "n:";

    public static bool IsSame(string ours, string theirs)
    {
        using JsonDocument one = JsonDocument.Parse(ours), two = JsonDocument.Parse(theirs);
        return IsSame(one.RootElement, two.RootElement);
    }

    private static bool IsSame(JsonElement? ours, JsonElement? theirs)
    {
        if (IsNull(ours) || IsNull(theirs)) return IsNull(ours) && IsNull(theirs);
        (JsonElement one, JsonElement two) = (ours!.Value, theirs!.Value);
        return one.ValueKind switch
        {
            JsonValueKind.Object => two.ValueKind == JsonValueKind.Object
                && one.EnumerateObject().Concat(two.EnumerateObject()).Select(member => member.Name).Distinct()
                    .All(name => IsSame(Member(one, name), Member(two, name))),
            JsonValueKind.Array => two.ValueKind == JsonValueKind.Array && one.GetArrayLength() == two.GetArrayLength()
                && one.EnumerateArray().Zip(two.EnumerateArray()).All(pair => IsSame(pair.First, pair.Second)),
            JsonValueKind.Number => IsSameNumber(one.GetRawText(), two),
            JsonValueKind.String => two.ToString() == one.GetString() || IsSameNumber(one.GetString()!, two)
                || (two.ValueKind == JsonValueKind.String && IsSameInstant(one.GetString()!, two.GetString()!)),
            _ => one.ValueKind == two.ValueKind,
        };
    }

    private static bool IsNull(JsonElement? value) =>
        value is not { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) };

    private static JsonElement? Member(JsonElement value, string name) =>
        value.TryGetProperty(name, out JsonElement member) ? member : null;

    private static bool IsSameNumber(string ours, JsonElement theirs)
    {
        string text = theirs.ToString();
        if (text.StartsWith(BigMark, StringComparison.Ordinal)) return text[BigMark.Length..] == ours;
        return double.TryParse(ours, CultureInfo.InvariantCulture, out double one)
            && double.TryParse(text, CultureInfo.InvariantCulture, out double two)
            && (one.Equals(two) || (float)one == (float)two);
    }

    private static bool IsSameInstant(string ours, string theirs) =>
        Instant(ours) is { } one && Instant(theirs) is { } two && one == two;

    private static long? Instant(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset instant)
            ? instant.ToUnixTimeMilliseconds()
            : null;
}
