using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;
using Microsoft.Extensions.Logging;

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

    /// <summary>When puts outlive a loss of power, where the store is on a disk.</summary>
    public Durability Durability { get; init; } = Durability.Periodic;

    /// <summary>Opens for reading only: nothing is created, nothing is changed but the word that wakes watchers (where
    /// that may be written), and puts throw <see cref="InvalidOperationException"/>.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Whether a store is created where none exists; if false, opening fails with
    /// <see cref="ErrorCode.StoreGone"/>.</summary>
    public bool CreateIfMissing { get; init; } = true;

    /// <summary>How much a read proves of what the store holds.</summary>
    public VerifyMode Verify { get; init; }

    /// <summary>The behavior of a full store; it applies when the store is created.</summary>
    public RetentionMode Retention { get; init; }

    /// <summary>
    /// A store that several users share. Made so, its directory has mode 2775 and its files 0664, and it stands in a
    /// directory that keeps others out (mode 0750, its group all who may look in); opened so, another user's is
    /// accepted. Members of the store directory's group write, others inside the gate read
    /// (<see cref="ReadOnly"/>).
    /// </summary>
    public bool SharedWithGroup { get; init; }

    /// <summary>The clock: records and facts get their times from it, expiry and ages use it, and work in
    /// the background is done. Deadlines, such as <see cref="Timeout"/>, use the machine's clock. It should not lag
    /// the times in the store: the store's own clock never runs backward.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>
    /// For a store whose writers are not trusted: every read copies the block into this process's own memory, hashes
    /// it, and proves its form once a CID. No segment is mapped for it, so that a writer who cuts a file short costs
    /// an error and not this process.
    /// </summary>
    public bool CopyOnRead { get; init; }

    /// <summary>Looks after the store in the background while it is open (<c>Registry/MAINTENANCE.md</c>), where no
    /// other process does. Null: not.</summary>
    public MaintenanceOptions? Maintenance { get; init; }

    /// <summary>Opens the location of a place (<see cref="StorePlaces"/>), for reading only if the second argument is
    /// true. Null: directories alone. <see cref="StorePlaces.OpenLocation"/> knows gateways too, the package
    /// ArrowCid.Client servers, and ArrowCid.S3 buckets.</summary>
    public Func<string, bool, BlockBackend>? OpenPlace { get; init; }

    /// <summary>Whether a block that is not stored here is fetched from the places that are recorded to have it,
    /// proved, and stored. It applies to reads of a store that may be written to; <see cref="CidStore.Contains"/> and
    /// listings tell what is stored here.</summary>
    public bool ReadPlaces { get; init; }

    /// <summary>When a put by a server of this handle counts as copied to the places that take every block
    /// (<see cref="BlockPlace.Write"/>): <see cref="PlaceWrite.Back"/> or <see cref="PlaceWrite.Through"/>. Null: as
    /// each place says.</summary>
    public PlaceWrite? Write { get; init; }

    /// <summary>The bytes that may wait to be copied to places that take every block. A server of this handle refuses
    /// puts with <see cref="ErrorCode.StoreFull"/> while more of them wait. Null: no limit but the capacity.</summary>
    public long? MaxBacklog { get; init; }

    /// <summary>Who uses this handle, for the audit trail (<see cref="StoreAudit"/>): each put, change of a name, pin
    /// and removal records it. A name of at most 256 bytes of UTF-8, or <c>user</c> for this process's user. Null: what
    /// the environment variable <c>ARROWCID_AUDIT</c> says, else only removals are recorded.</summary>
    public string? AuditSubject { get; init; }

    /// <summary>Makes the log, of the category <c>ArrowCid.CidStore</c>, that recoveries, repairs, evictions and
    /// compactions are written to. Null: no log.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Gets a notification for each recovery, repair, eviction, compaction and long wait of this handle,
    /// beginning with its opening: in order, one at a time, on threads of the pool. Null: no callback.</summary>
    public Action<StoreNotification>? Notified { get; init; }

    internal StoreSettings ToSettings() => new()
    {
        IsRing = Retention == RetentionMode.Ring,
        Group = SharedWithGroup,
        Copy = CopyOnRead,
        Capacity = Capacity,
        SegmentSize = SegmentSize,
        Timeout = Timeout,
        Durability = Durability,
        ReadOnly = ReadOnly,
        MustExist = !CreateIfMissing,
        Clock = TimeProvider,
        LoggerFactory = LoggerFactory,
        Notified = Notified,
    };
}
