using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>
/// How a store is opened and, where it does not exist yet, made. What a store was made with (capacity, segment size)
/// stays with it; those settings count for nothing when it is opened again.
/// </summary>
public sealed class CidStoreOptions
{
    /// <summary>The most bytes that the store's files may take, in whole MiB; 0 (the default) takes the least of 4
    /// GiB, half of the file system's free space and half of the available memory. At least 8 MiB.</summary>
    public long Capacity { get; init; }

    /// <summary>The bytes of one data segment, in whole MiB, at most 1 GiB and at most an eighth of the capacity; 0
    /// (the default) takes the lesser of 64 MiB and a sixteenth of the capacity.</summary>
    public long SegmentSize { get; init; }

    /// <summary>How long a call waits for what another process holds before it fails with <see
    /// cref="ErrorCode.Busy"/> or <see cref="ErrorCode.StoreFull"/>. Five seconds unless set.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Opens for reading only: nothing is created, nothing is changed but the word that wakes watchers (where
    /// that may be written), and puts throw <see cref="InvalidOperationException"/>.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Fails with <see cref="ErrorCode.StoreGone"/> where no store is, instead of making one.</summary>
    public bool MustExist { get; init; }

    /// <summary>How much a read proves of what the store holds.</summary>
    public VerifyMode Verify { get; init; }

    internal StoreSettings ToSettings() => new()
    {
        Capacity = Capacity,
        SegmentSize = SegmentSize,
        Timeout = Timeout,
        ReadOnly = ReadOnly,
        MustExist = MustExist,
    };
}
