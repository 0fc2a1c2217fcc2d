using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>What reclaim asks.</summary>
internal sealed partial class StoreRegistry
{
    /// <inheritdoc/>
    public void Refresh()
    {
        lock (_gate)
        {
            ReadTo(_blocks.Marks());
            // The reclaiming process must not be blocked by its own lease.
            _position = _tail!.Position;
            _tail.Dispose();
            _tail = null;
            _sieve.Forget();
        }
    }

    /// <summary>Whether a block was dropped and not put again. Its bytes may still be there.</summary>
    /// <param name="digest">The block.</param>
    /// <param name="hasRemovals">Whether any block was ever dropped.</param>
    public bool IsRemoved(in Digest256 digest, out bool hasRemovals)
    {
        Digest256 asked = digest;
        (bool isRemoved, hasRemovals) = Ask(() => (IsDeadNow(in asked), _book.HasDrops));
        return isRemoved;
    }

    /// <summary>When a block was last removed; null where the log of removals does not have it.</summary>
    public DateTimeOffset? WhenRemoved(in Digest256 digest)
    {
        DateTimeOffset? removed = null;
        Digest256 asked = digest;
        byte[] bytes = Digest256.Bytes(in digest).ToArray();
        foreach (FactPayload record in _blocks.FactRecords())
        {
            if (record.Bytes.AsSpan().IndexOf(bytes) < 0) continue;
            foreach (FactGroup group in FactReader.Read(record.Bytes, record.Nanoseconds, static _ => { }))
            {
                bool isOfBlock = group.Facts.OfType<RemovalFact>().Any(fact => Array.Exists(fact.Blocks, block =>
                    block.Cid.TryGetSha256(out Digest256 one) && one == asked));
                if (isOfBlock && (removed is null || group.Stamp.When > removed)) removed = group.Stamp.When;
            }
        }

        return removed;
    }

    /// <inheritdoc/>
    public bool IsDead(in Digest256 digest)
    {
        Digest256 asked = digest;
        lock (_gate) return Guarded(() => IsDeadNow(in asked));
    }

    /// <inheritdoc/>
    public bool IsDropped(in Digest256 digest)
    {
        Digest256 asked = digest;
        lock (_gate) return Guarded(() => _book.HasDrops && _book.Find(in asked) is { IsDropped: true });
    }

    /// <inheritdoc/>
    public bool IsKilled(in Digest256 digest, int lane, ulong sequence)
    {
        Digest256 asked = digest;
        lock (_gate)
            return Guarded(() => _book.HasDrops && (_book.Find(in asked)?.IsKilled(lane, sequence) ?? false));
    }

    /// <inheritdoc/>
    public bool IsLastPut(in Digest256 digest, ulong nanoseconds)
    {
        Digest256 asked = digest;
        lock (_gate) return Guarded(() => _book.Find(in asked))?.LastPut <= nanoseconds;
    }

    /// <inheritdoc/>
    public List<FactPayload>? Filter(IReadOnlyList<FactPayload> records, Func<Digest256, bool> isLeft)
    {
        lock (_gate) return Guarded(() => _sieve.Sift(_book, records, isLeft));
    }
}
