using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Benchmarks;

/// <summary>The other end of a bare futex: sleeps until the word changes, and notes when it woke.</summary>
internal sealed class SecondFutex(string path) : ISecondRole
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly FutexCell _cell = FutexCell.Open(path, create: false);

    /// <inheritdoc/>
    public string Answer(string what, int count)
    {
        var delays = new List<double>(count);
        ulong seen = _cell.Count;
        _cell.SayReady();
        for (int i = 0; i < count; i++)
        {
            long began = Stopwatch.GetTimestamp();
            while (_cell.Count == seen)
            {
                _cell.WaitWhile(seen, s_patience);
                if (Stopwatch.GetElapsedTime(began) > s_patience)
                    throw new ArrowCidException(ErrorCode.Internal, $"nobody woke for {s_patience.TotalSeconds} s");
            }

            long now = Stopwatch.GetTimestamp();
            seen++;
            delays.Add(Stopwatch.GetElapsedTime(_cell.Stamp, now).TotalSeconds);
        }

        return SecondCommand.Text(Rounds.Median(delays));
    }

    /// <inheritdoc/>
    public void Dispose() => _cell.Dispose();
}

/// <summary>A page that two processes share: a word to wait upon, and the clock at which it was last changed.</summary>
internal sealed class FutexCell : IDisposable
{
    private const int PageBytes = 4096;
    private const long Word = 0, Time = 64, Ready = 128;

    private readonly Mapping _page;

    private FutexCell(Mapping page) => _page = page;

    public ulong Count => _page.Read(Word);

    /// <summary>What <see cref="Stopwatch.GetTimestamp"/> said when the word was changed; one clock serves all
    /// processes.</summary>
    public long Stamp => (long)_page.Read(Time);

    public static FutexCell Open(string path, bool create)
    {
        if (create) File.WriteAllBytes(path, new byte[PageBytes]);
        using FileDescriptor? directory = FileDescriptor.TryOpenDirectory(Path.GetDirectoryName(path)!, out int errno);
        using FileDescriptor? file = directory?.TryOpenFile(Path.GetFileName(path), writable: true, out errno);
        Mapping? page = file is null ? null : Mapping.TryMap(file, PageBytes, writable: true, out errno);
        return page is null
            ? throw new ArrowCidException(ErrorCode.Io, $"{path} cannot be mapped: error {errno}")
            : new FutexCell(page);
    }

    public void Wake()
    {
        _page.Write(Time, (ulong)Stopwatch.GetTimestamp());
        _ = _page.Add(Word, 1);
        _page.WakeAll(Word);
    }

    public void WaitWhile(ulong seen, TimeSpan most) => _page.WaitWhile(Word, (uint)seen, most);

    public void SayReady() => _ = _page.Exchange(Ready, 1);

    /// <summary>Waits until the other end is about to sleep.</summary>
    public void AwaitReady()
    {
        while (_page.Exchange(Ready, 0) == 0) Thread.Yield();
    }

    public void Dispose() => _page.Dispose();
}
