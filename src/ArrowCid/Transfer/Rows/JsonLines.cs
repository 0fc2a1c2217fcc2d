using System.Text.Json;
using System.Text.Unicode;

namespace ArrowCid.Transfer;

/// <summary>The lines of JSON lines, one after another; empty ones are passed over.</summary>
internal sealed class JsonLines(ByteWindow window)
{
    private int _next;
    private int _end;
    private byte[] _text = new byte[256];

    /// <summary>The line, from 1.</summary>
    public long Number => window.Line;

    /// <summary>Goes to the next line that is not blank.</summary>
    public bool Next()
    {
        window.Begin();
        _next = Math.Max(_next, window.Start);
        while (true)
        {
            window.MoveTo(_next);
            int length = window.From(window.Start).IndexOf((byte)'\n');
            while (length < 0 && !window.IsAtEnd)
            {
                int seen = window.End - window.Start;
                window.Refill();
                length = window.From(window.Start + seen).IndexOf((byte)'\n');
                if (length >= 0) length += seen;
            }

            _end = length < 0 ? window.End : window.Start + length;
            _next = length < 0 ? _end : _end + 1;
            if (window.Slice(window.Start, _end - window.Start).IndexOfAnyExcept(" \t\r"u8) >= 0) return true;
            if (length < 0) return false;
        }
    }

    /// <summary>Reads the line's one object.</summary>
    /// <param name="read">Reads from the object's brace to its other brace.</param>
    public void Read(JsonObjectReader read)
    {
        var reader = new Utf8JsonReader(window.Slice(window.Start, _end - window.Start), s_options);
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                throw At(in reader, "a line of JSON lines is one object; write each row as {…} in a line of its own");
            read(ref reader);
            reader.Read();
        }
        catch (JsonException e)
        {
            string message = e.Message.Replace(" Change the reader options.", "", StringComparison.Ordinal);
            int cut = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
            throw window.At(window.Start + (int)(e.BytePositionInLine ?? 0),
                $"no JSON: {(cut < 0 ? message : message[..cut]).TrimEnd('.')}", inner: e);
        }
    }

    /// <summary>A fault at the token.</summary>
    public InvalidTextException At(in Utf8JsonReader reader, string rule) =>
        window.At(window.Start + (int)reader.TokenStartIndex, rule);

    /// <summary>A string's UTF-8, valid until the next call.</summary>
    public ReadOnlySpan<byte> Text(in Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
        {
            return Utf8.IsValid(reader.ValueSpan)
                ? reader.ValueSpan
                : throw At(in reader, "these bytes are not UTF-8; convert the file");
        }

        if (_text.Length < reader.ValueSpan.Length)
            _text = new byte[Math.Max(reader.ValueSpan.Length, _text.Length * 2)];
        try
        {
            return _text.AsSpan(0, reader.CopyString(_text));
        }
        catch (InvalidOperationException)
        {
            throw At(in reader, "a string with half of a surrogate pair, or bytes that are not UTF-8");
        }
    }

    private static readonly JsonReaderOptions s_options = new() { MaxDepth = MostLevels };

    /// <summary>Objects and arrays in each other; as many levels of columns are written.</summary>
    private const int MostLevels = 32;
}
