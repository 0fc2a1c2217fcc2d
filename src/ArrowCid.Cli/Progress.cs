using System.Diagnostics;
using System.Globalization;

namespace ArrowCid.Cli;

/// <summary>Says on a terminal how far long work is, a few times a second; disposing of it clears the line.</summary>
internal sealed class Progress(string what) : IDisposable
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
