using ArrowCid.Ipc;
using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>One put of a batch, or a gap, as a watcher receives it. The block may be gone by the time it is asked
/// for.</summary>
/// <param name="Kind">What it says.</param>
/// <param name="Address">What addresses the batch; the default where it is a gap.</param>
/// <param name="Time">When it was put; the default where it is a gap.</param>
/// <param name="Lane">The lane, which is a writer's log; -1 for a gap of the whole store.</param>
/// <param name="Sequence">The record's number in its lane, which rises with every record, not only with batches; 0
/// where it is a gap.</param>
/// <param name="Cursor">Where to continue after it.</param>
/// <param name="Gap">What is missing, or null.</param>
public readonly record struct StoreEvent(StoreEventKind Kind, BlockAddress Address, DateTimeOffset Time, int Lane,
    ulong Sequence, Cursor Cursor, WatchGap? Gap)
{
    /// <summary>The metadata given with the put; null if there was none, or if the watch does not read facts (<see
    /// cref="WatchOptions.WithMetadata"/>).</summary>
    public BlockMetadata? Metadata { get; init; }

    /// <summary>The block's CID.</summary>
    public Cid Cid => Address.Cid;

    /// <summary>The CID of its schema.</summary>
    public Cid SchemaCid => Address.SchemaCid;

    /// <summary>Rows.</summary>
    public long Rows => Address.Rows;

    /// <summary>The block's bytes.</summary>
    public long ByteLength => Address.ByteLength;
}
