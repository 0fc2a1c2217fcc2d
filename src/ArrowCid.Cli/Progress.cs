using System.Diagnostics;
using System.Globalization;

namespace ArrowCid.Cli;

/// <summary>Shows the progress of long work on a terminal, a few times per second. Dispose clears the line.</summary>
internal sealed class Progress(string what) : IDisposable, IProgress<OperationProgress>
{
    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(200);

    private readonly bool _isSeen = !Console.IsErrorRedirected;
    private readonly long _started = Stopwatch.GetTimestamp();
    private TimeSpan _shown;
    private long _count;

    public void Tick() => Show(_count + 1);

    /// <summary>Shows the count reached.</summary>
    public void Show(long count)
    {
        _count = count;
        if (_isSeen) Show(string.Create(CultureInfo.InvariantCulture, $"{_count:N0} {what}"));
    }

    /// <summary>Shows the part that is finished, and all of it where that is known.</summary>
    public void Report(OperationProgress value)
    {
        _count = value.Completed;
        if (!_isSeen) return;
        Show(value.Total is { } total && total > value.Completed
            ? string.Create(CultureInfo.InvariantCulture, $"{value.Completed:N0} of about {total:N0} {what}")
            : string.Create(CultureInfo.InvariantCulture, $"{value.Completed:N0} {what}"));
    }

    /// <summary>Says a line of state, cut to the terminal's width.</summary>
    public void Show(string line)
    {
        if (!_isSeen) return;
        TimeSpan elapsed = Stopwatch.GetElapsedTime(_started);
        if (elapsed - _shown < s_pace) return;
        _shown = elapsed;
        int width = Math.Max(20, Console.WindowWidth) - 1;
        Console.Error.Write($"\r\e[K{(line.Length <= width ? line : line[..width])}");
    }

    /// <summary>Clears the line before other words come.</summary>
    public void Clear()
    {
        if (_shown != TimeSpan.Zero) Console.Error.Write("\r\e[K");
        _shown = TimeSpan.Zero;
    }

    public void Dispose() => Clear();
}
