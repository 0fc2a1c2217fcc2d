using System.Diagnostics;
using ArrowCid.Cli;

namespace ArrowCid.Benchmarks;

/// <summary>Watches a store from the moment when it is ready: the reading end of streams and of wake-ups.</summary>
internal sealed class SecondWatch : ISecondRole
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly CidStore _store;
    private readonly IEnumerator<StoreEvent> _watch;

    public SecondWatch(string directory)
    {
        _store = CidStore.Open(directory, new CidStoreOptions { CreateIfMissing = false, ReadOnly = true });
        _watch = _store.Watch(Cursor.Now, new WatchOptions { Timeout = s_patience }).GetEnumerator();
    }

    /// <inheritdoc/>
    public string Answer(string what, int count) => what switch
    {
        "hear" => Hear(count),
        "read" => Read(count),
        "wake" => Wake(count),
        _ => throw new ArrowCidException(ErrorCode.InvalidArgument, what),
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        _watch.Dispose();
        _store.Dispose();
    }

    /// <summary>Hears of so many batches.</summary>
    private string Hear(int count)
    {
        for (int i = 0; i < count; i++) _ = Next();
        return SecondCommand.Text(count);
    }

    /// <summary>Hears of so many batches, opens each and reads a value where it lies.</summary>
    private string Read(int count)
    {
        long sum = 0;
        for (int i = 0; i < count; i++) sum += FirstValue(Next());
        return SecondCommand.Text(sum);
    }

    /// <summary>Hears of so many batches, whose first value is the clock at which each was put.</summary>
    /// <returns>The p50 of the time from there to here, in seconds.</returns>
    private string Wake(int count)
    {
        var delays = new List<double>(count);
        for (int i = 0; i < count; i++)
        {
            StoreEvent heard = Next();
            long now = Stopwatch.GetTimestamp();
            delays.Add(Stopwatch.GetElapsedTime(FirstValue(in heard), now).TotalSeconds);
        }

        return SecondCommand.Text(Rounds.Median(delays));
    }

    private long FirstValue(in StoreEvent heard)
    {
        using BatchLease lease = _store.TryGet(heard.Cid) ?? throw CommandError.NoBlock(heard.Cid.ToString(), _store);
        return lease.View.Column<long>("c0").Values[0];
    }

    private StoreEvent Next()
    {
        if (!_watch.MoveNext())
            throw new ArrowCidException(ErrorCode.Internal, $"nothing was announced for {s_patience.TotalSeconds} s");
        StoreEvent heard = _watch.Current;
        if (heard.Kind == StoreEventKind.New) return heard;
        throw new ArrowCidException(ErrorCode.Internal, $"a {heard.Kind} was announced where all is new: {heard.Gap}");
    }
}
