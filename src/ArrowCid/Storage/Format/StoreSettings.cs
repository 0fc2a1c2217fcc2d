using ArrowCid.Memory;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Storage;

/// <summary>How a store is opened, and made where there is none; the facade's options say what each means.</summary>
internal sealed record StoreSettings
{
    public long Capacity { get; init; }

    public long SegmentSize { get; init; }

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    public bool ReadOnly { get; init; }

    public Durability Durability { get; init; } = Durability.Periodic;

    public bool MustExist { get; init; }

    /// <summary>Makes a ring; else a store that keeps what it has.</summary>
    public bool IsRing { get; init; }

    /// <summary>A store of a group of users: made so, and opened though another user owns it.</summary>
    public bool Group { get; init; }

    /// <summary>Blocks are read into private memory and believed by their digest alone.</summary>
    public bool Copy { get; init; }

    /// <summary>Blocks that are put together are hashed together: where the processor has lanes for it.</summary>
    public bool HashTogether { get; init; } = Sha256.ManyPath != Sha256ManyPath.Serial;

    /// <summary>The entries that a new store's index begins with; a power of two.</summary>
    public int InitialIndexEntries { get; init; } = 1 << 16;

    /// <summary>How long after a drop a writer frees the space of segments that are mostly dead.</summary>
    public TimeSpan CompactDelay { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>What tells the time: of records and facts, of expiry, and of what is done in the background. Deadlines
    /// of what waits for others are the machine's own.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Makes the log that recoveries, repairs and compactions are written to; null: none.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Gets every notification; null: no handler.</summary>
    public Action<StoreNotification>? Notified { get; init; }

    /// <summary>The call that opens the store; null: none.</summary>
    public Operation? Opening { get; init; }

    /// <summary>How often a writer looks after its idle lane and an unfinished growth.</summary>
    public TimeSpan TickInterval { get; init; } = TimeSpan.FromMilliseconds(100);
}
