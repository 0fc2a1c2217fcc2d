namespace ArrowCid.Extensions.DependencyInjection;

/// <summary>How a registered store is opened. The properties can be bound from configuration.</summary>
public sealed class ArrowCidOptions
{
    /// <summary>The store's directory; null: <see cref="CidStore.DefaultDirectory"/>.</summary>
    public string? Directory { get; set; }

    /// <summary>The most bytes that a new store's files may take (<see cref="CidStoreOptions.Capacity"/>).</summary>
    public long Capacity { get; set; }

    /// <summary>The bytes of one data segment of a new store (<see cref="CidStoreOptions.SegmentSize"/>).</summary>
    public long SegmentSize { get; set; }

    /// <summary>How long a call waits for what another process holds. Five seconds unless set.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>When puts outlive a loss of power, where the store is on a disk.</summary>
    public Durability Durability { get; set; } = Durability.Periodic;

    /// <summary>How much a read proves of what the store holds.</summary>
    public VerifyMode Verify { get; set; }

    /// <summary>What a full store does; it counts where the store is made.</summary>
    public RetentionMode Retention { get; set; }

    /// <summary>Opens the store for reading only.</summary>
    public bool ReadOnly { get; set; }

    /// <summary>Whether a store is created where none exists; if false, opening fails.</summary>
    public bool CreateIfMissing { get; set; } = true;

    /// <summary>A store that several users share (<see cref="CidStoreOptions.SharedWithGroup"/>).</summary>
    public bool SharedWithGroup { get; set; }

    /// <summary>Maintains the store in the background; null: not. <see cref="ArrowCidBuilder.AddMaintenance"/> sets
    /// it.</summary>
    public ArrowCidMaintenanceOptions? Maintenance { get; set; }

    /// <summary>Gets a notification for each recovery, repair and compaction
    /// (<see cref="CidStoreOptions.Notified"/>).</summary>
    public Action<StoreNotification>? Notified { get; set; }
}
