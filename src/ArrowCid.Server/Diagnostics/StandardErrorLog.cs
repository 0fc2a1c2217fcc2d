using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Server.Diagnostics;

/// <summary>Writes log lines to standard error.</summary>
internal sealed class StandardErrorLog(ServerLog form, TextWriter output) : ILoggerProvider
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<(string Category, int Event), LogThrottle> _throttles = new();

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
        foreach (((string category, int number), LogThrottle throttle) in _throttles)
            WriteOmitted(LogLevel.Warning, category, number, throttle.TakeOmitted());
    }

    /// <summary>Writes a line, unless there are too many of its kind: a caller that fails again and again fills no
    /// disk.</summary>
    private void Take(LogLevel level, string category, EventId id, string text, Exception? error,
        IEnumerable<KeyValuePair<string, object?>>? members)
    {
        if (level >= LogLevel.Warning)
        {
            LogThrottle throttle =
                _throttles.GetOrAdd((category, id.Id), static _ => new LogThrottle(TimeProvider.System));
            if (!throttle.TryEnter(out int omitted)) return;
            WriteOmitted(level, category, id.Id, omitted);
        }

        Write(level, category, id, text, error, members);
    }

    private void WriteOmitted(LogLevel level, string category, int number, int count)
    {
        if (count == 0) return;
        Write(level, category, new EventId(number), string.Create(CultureInfo.InvariantCulture,
            $"{count} lines of the same kind were left out"), null, null);
    }

    private void Write(LogLevel level, string category, EventId id, string text, Exception? error,
        IEnumerable<KeyValuePair<string, object?>>? members)
    {
        string time = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        string line = form == ServerLog.Json
            ? Json(time, level, category, id, text, error, members)
            : $"{time} {level.ToString().ToLowerInvariant()} {Printable(text)}{Trouble(error)}";
        lock (_lock) output.WriteLine(line);
    }

    private static string Json(string time, LogLevel level, string category, EventId id, string text, Exception? error,
        IEnumerable<KeyValuePair<string, object?>>? members)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writer.WriteString("time", time);
            writer.WriteString("level", level.ToString().ToLowerInvariant());
            writer.WriteString("category", category);
            writer.WriteNumber("event", id.Id);
            writer.WriteString("message", text);
            foreach ((string key, object? value) in members ?? [])
            {
                if (key == "{OriginalFormat}") continue;
                writer.WriteString(JsonNamingPolicy.CamelCase.ConvertName(key),
                    Convert.ToString(value, CultureInfo.InvariantCulture));
            }

            if (error is not null) writer.WriteString("error", error.ToString());
            writer.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    private static string Trouble(Exception? error) => error is null ? "" : $": {Printable(error.Message)}";

    /// <summary>What callers send cannot make lines of its own, nor move a terminal's cursor.</summary>
    private static string Printable(string text) => text.Any(IsHidden)
        ? string.Concat(text.Select(c => IsHidden(c) ? ' ' : c))
        : text;

    private static bool IsHidden(char c) => char.IsControl(c)
        || c is '\u061C' or '\u200E' or '\u200F' or (>= '\u2028' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    private sealed class Logger(StandardErrorLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                log.Take(logLevel, category, eventId, formatter(state, exception), exception,
                    state as IEnumerable<KeyValuePair<string, object?>>);
            }
        }
    }
}
