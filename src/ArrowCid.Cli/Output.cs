using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace ArrowCid.Cli;

/// <summary>
/// Standard output, buffered: data and nothing else. On a terminal each line is seen at once. Disposing of it flushes.
/// </summary>
internal sealed class Output : IDisposable
{
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly MemoryStream _json = new();
    private Utf8JsonWriter? _jsonWriter;

    private Output(Stream stream, bool leaveOpen) =>
        Writer = new StreamWriter(stream, s_utf8, 1 << 16, leaveOpen) { AutoFlush = IsTerminal, NewLine = "\n" };

    /// <summary>Whether a person is looking.</summary>
    public static bool IsTerminal => !Console.IsOutputRedirected;

    /// <summary>Whether colors are wanted (no-color.org).</summary>
    public static bool HasColors => IsTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    public StreamWriter Writer { get; }

    public static Output Open() => new(OpenStream(), leaveOpen: false);

    /// <summary>The same to a stream, which stays open.</summary>
    public static Output Over(Stream stream) => new(stream, leaveOpen: true);

    /// <summary>
    /// The bytes of standard output. The console's own stream takes a reader that has gone for one that is content, and
    /// writes on for nothing; but only it shares a file's position with other writers.
    /// </summary>
    public static Stream OpenStream()
    {
        if (Console.IsOutputRedirected)
        {
            var handle = new SafeFileHandle(1, ownsHandle: false);
            var pipe = new FileStream(handle, FileAccess.Write, bufferSize: 0);
            if (!pipe.CanSeek) return pipe;
        }

        return Console.OpenStandardOutput();
    }

    public void Line(string text)
    {
        Writer.Write(text);
        Writer.Write('\n');
    }

    /// <summary>Writes one JSON object in one line.</summary>
    public void JsonLine(Action<Utf8JsonWriter> members)
    {
        _json.SetLength(0);
        if (_jsonWriter is null) _jsonWriter = new Utf8JsonWriter(_json, s_json);
        else _jsonWriter.Reset(_json);
        _jsonWriter.WriteStartObject();
        members(_jsonWriter);
        _jsonWriter.WriteEndObject();
        _jsonWriter.Flush();
        Line(s_utf8.GetString(_json.GetBuffer(), 0, (int)_json.Length));
    }

    public void Dispose()
    {
        _jsonWriter?.Dispose();
        _json.Dispose();
        Writer.Dispose();
    }
}
