using ArrowCid.Ipc;
using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>One put of a batch, a change of a name, or a gap, as a watcher receives it. The block may be gone by the
/// time it is asked for.</summary>
public readonly record struct StoreEvent
{
    /// <summary>What it says.</summary>
    public required StoreEventKind Kind { get; init; }

    /// <summary>What addresses the batch; the default where it is a gap.</summary>
    public required BlockAddress Address { get; init; }

    /// <summary>When it was put; the default where it is a gap.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The lane, which is a writer's log; -1 for a gap of the whole store.</summary>
    public required int Lane { get; init; }

    /// <summary>The record's number in its lane, which rises with every record, not only with batches; 0 where it is a
    /// gap.</summary>
    public required ulong Sequence { get; init; }

    /// <summary>Where to continue after it.</summary>
    public required Cursor Cursor { get; init; }

    /// <summary>What is missing, or null.</summary>
    public required WatchGap? Gap { get; init; }

    /// <summary>The metadata given with the put; null if there was none, or if the watch does not read facts (<see
    /// cref="WatchOptions.WithMetadata"/>).</summary>
    public BlockMetadata? Metadata { get; init; }

    /// <summary>The name that changed; null where it is none of <see cref="StoreEventKind.Name"/>.</summary>
    public string? Name { get; init; }

    /// <summary>The block that the name pointed to before; null for none.</summary>
    public Cid? OldCid { get; init; }

    /// <summary>The block that the name points to since; null if the name was removed.</summary>
    public Cid? NewCid { get; init; }

    /// <summary>The block's CID.</summary>
    public Cid Cid => Address.Cid;

    /// <summary>The CID of its schema.</summary>
    public Cid SchemaCid => Address.SchemaCid;

    /// <summary>Rows.</summary>
    public long Rows => Address.Rows;

    /// <summary>The block's bytes.</summary>
    public long ByteLength => Address.ByteLength;
}
