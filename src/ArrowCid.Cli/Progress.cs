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

    /// <summary>Says that so much is done.</summary>
    public void Show(long count)
    {
        _count = count;
        if (!_isSeen) return;
        TimeSpan elapsed = Stopwatch.GetElapsedTime(_started);
        if (elapsed - _shown < s_pace) return;
        _shown = elapsed;
        Console.Error.Write(string.Create(CultureInfo.InvariantCulture, $"\r{_count:N0} {what}"));
    }

    /// <summary>Clears the line before other words come.</summary>
    public void Clear()
    {
        if (_shown != TimeSpan.Zero) Console.Error.Write("\r\e[K");
        _shown = TimeSpan.Zero;
    }

    public void Dispose() => Clear();
}
