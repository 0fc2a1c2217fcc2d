using System.Diagnostics;

namespace ArrowCid.Storage;

/// <summary>What is reported and measured of a handle.</summary>
internal sealed partial class BlockStore
{
    /// <summary>Reports recoveries, repairs and the like.</summary>
    public StoreReporter Reporter => _control.Reporter;

    /// <summary>The most bytes that the store may take.</summary>
    public long Capacity => _control.Superblock.Capacity;

    /// <summary>The bytes that the store's files may still take.</summary>
    public long BytesFree => Math.Max(0, Capacity - GetStatistics().BytesTaken);

    private void Measure(long started, ReadOnlySpan<BlockInfo> infos, ReadOnlySpan<bool> areNew)
    {
        long bytes = 0;
        for (int i = 0; i < infos.Length; i++)
        {
            if (areNew[i]) bytes += infos[i].Length;
            if (infos[i].IsRepaired) Reporter.BlockRepaired(in infos[i]);
        }

        StoreMeter.PutBytes.Add(bytes, Reporter.Tag);
        MeasurePut(started);
    }

    private void MeasurePut(long started)
    {
        if (started != 0)
            StoreMeter.PutDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, Reporter.Tag);
    }
}
