using System.Text.Json;
using System.Text.Unicode;

namespace ArrowCid.Server;

/// <summary>JSON from callers and tokens. What it accepts is UTF-8 without lone surrogates or repeated keys, so that no
/// text in it throws when it is read.</summary>
internal static class StrictJson
{
    /// <summary>Parses one value.</summary>
    /// <param name="utf8">The bytes.</param>
    /// <param name="depth">The levels that it may have.</param>
    /// <param name="error">What is wrong, as a clause; null where it was parsed.</param>
    public static JsonElement Parse(ReadOnlyMemory<byte> utf8, int depth, out string? error)
    {
        error = null;
        try
        {
            if (!Utf8.IsValid(utf8.Span)) error = "it is not UTF-8";
            else if (HasLoneSurrogate(utf8.Span, depth)) error = "it has an escape that is half of a surrogate pair";
            if (error is not null) return default;
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions
            {
                MaxDepth = depth,
                AllowDuplicateProperties = false,
            });
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            error = e.Message.TrimEnd('.');
            return default;
        }
    }

    private static bool HasLoneSurrogate(ReadOnlySpan<byte> utf8, int depth)
    {
        // Only an escape can be one: bytes that are UTF-8 have none.
        if (utf8.IndexOf("\\u"u8) < 0) return false;
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = depth });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                    _ = reader.GetString();
            }

            return false;
        }
        catch (InvalidOperationException)
        {
            return true;
        }
    }
}
