using System.Diagnostics;
using ArrowCid.Cli;

namespace ArrowCid.Benchmarks;

/// <summary>Looks blocks up, or counts, for a given time: one of two readers, or one of two loops.</summary>
internal sealed class SecondReader(string directory) : ISecondRole
{
    private readonly CidStore _store =
        CidStore.Open(directory, new CidStoreOptions { CreateIfMissing = false, ReadOnly = true });

    private Cid[] _cids = [];

    /// <inheritdoc/>
    public string Answer(string what, int count)
    {
        switch (what)
        {
            case "blocks":
                _cids = LookupBench.Shuffled(LookupBench.Cids(count), seed: 2);
                return SecondCommand.Text(count);
            case "look":
                return SecondCommand.Text(ReaderLoops.LookUp(_store, _cids, count));
            default:
                return SecondCommand.Text(ReaderLoops.Count(count));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _store.Dispose();
}

/// <summary>Loops that run for a time and say how much they did a second.</summary>
internal static class ReaderLoops
{
    private const int LookUpsBetweenClocks = 256, CountsBetweenClocks = 1 << 14;

    /// <summary>Look-ups a second.</summary>
    public static double LookUp(CidStore store, Cid[] cids, int milliseconds)
    {
        int at = 0;
        return Rate(milliseconds, LookUpsBetweenClocks, () =>
        {
            for (int i = 0; i < LookUpsBetweenClocks; i++)
            {
                if (!store.Contains(cids[at])) throw CommandError.NoBlock(cids[at].ToString(), store);
                if (++at == cids.Length) at = 0;
            }
        });
    }

    /// <summary>Steps a second of arithmetic that touches no memory.</summary>
    public static double Count(int milliseconds)
    {
        ulong state = 1;
        double rate = Rate(milliseconds, CountsBetweenClocks, () =>
        {
            ulong own = state;
            for (int i = 0; i < CountsBetweenClocks; i++) own = own * 6364136223846793005 + 1442695040888963407;
            state = own;
        });
        GC.KeepAlive(state);
        return rate;
    }

    private static double Rate(int milliseconds, int each, Action group)
    {
        var time = TimeSpan.FromMilliseconds(milliseconds);
        long start = Stopwatch.GetTimestamp(), done = 0;
        TimeSpan took;
        do
        {
            group();
            done += each;
            took = Stopwatch.GetElapsedTime(start);
        }
        while (took < time);
        return done / took.TotalSeconds;
    }
}
