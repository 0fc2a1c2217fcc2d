namespace ArrowCid.S3;

/// <summary>How requests are repeated, split and limited.</summary>
internal sealed record S3Settings
{
    /// <summary>What every bucket uses.</summary>
    public static S3Settings Default { get; } = new();

    /// <summary>How often a request is sent at most.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>The pause before the second attempt; it doubles with each further one, with jitter.</summary>
    public TimeSpan Backoff { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The pause after half of the last requests failed; then one request tests the server.</summary>
    public TimeSpan Break { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The time for a request, in addition to the time that its bytes need at
    /// <see cref="SlowestRate"/>.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The bytes per second of the slowest connection that is not given up.</summary>
    public int SlowestRate { get; init; } = 128 << 10;

    /// <summary>The length of a range; a longer object is read in ranges at the same time.</summary>
    public int RangeBytes { get; init; } = 8 << 20;

    /// <summary>An object that is longer is uploaded in parts.</summary>
    public int SingleBytes { get; init; } = 64 << 20;

    /// <summary>The length of a part, at least 5 MiB.</summary>
    public int PartBytes { get; init; } = 16 << 20;

    /// <summary>A block that is shorter is uploaded in a pack.</summary>
    public int PackedBelow { get; init; } = 1 << 20;

    /// <summary>The length at which a pack is full.</summary>
    public int PackBytes { get; init; } = 16 << 20;

    /// <summary>The uploaded bytes after which the index is written, so that a copy that is killed can go on from
    /// there.</summary>
    public long IndexEvery { get; init; } = 1L << 30;

    /// <summary>How many index objects of one level are merged into one of the next.</summary>
    public int MergedIndexes { get; init; } = 8;

    /// <summary>An index object that is longer is read in ranges, as they are needed.</summary>
    public int WholeIndexBytes { get; init; } = 8 << 20;

    /// <summary>How many requests of one operation run at the same time.</summary>
    public int Parallel { get; init; } = 8;

    /// <summary>The bytes that are handed to a connection at once. The SDK's own 8 KiB take 2,000 calls for a
    /// pack.</summary>
    public int SendBytes { get; init; } = 256 << 10;

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The time that a request with this many bytes may take.</summary>
    public TimeSpan TimeoutOf(long bytes) => Timeout + TimeSpan.FromSeconds((double)bytes / SlowestRate);
}
