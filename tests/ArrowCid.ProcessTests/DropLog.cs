using System.Runtime.InteropServices;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.ProcessTests;

/// <summary>
/// The least registry that reclaim can ask: drops as FACT records, each a fence (a number a lane) and the digests that
/// it drops. It is folded from the log, so that all processes of a test agree on what is dead.
/// </summary>
internal sealed class DropLog(BlockStore store) : ILiveness
{
    private readonly Dictionary<Digest256, ulong[]> _dropped = [];
    private readonly Dictionary<Digest256, ulong[]> _last = [];
    private readonly Lock _gate = new();
    private Cursor _position = Cursor.Oldest;

    public void Refresh()
    {
        lock (_gate)
        {
            // The tail goes with its leases: it is not to stand in the way of what asks.
            using LogReader tail = store.Tail(_position, TailScope.All);
            while (tail.TryNext(out LogEvent found))
            {
                if (found.Gap is null) Take(in found);
            }

            _position = tail.Position;
        }
    }

    public bool IsDead(in Digest256 digest)
    {
        lock (_gate)
        {
            if (!_dropped.TryGetValue(digest, out ulong[]? fence)) return false;
            if (!_last.TryGetValue(digest, out ulong[]? last)) return true;
            for (int lane = 0; lane < last.Length; lane++)
            {
                if (last[lane] > fence[lane]) return false;
            }

            return true;
        }
    }

    public bool IsDropped(in Digest256 digest)
    {
        lock (_gate) return _dropped.ContainsKey(digest);
    }

    public bool IsKilled(in Digest256 digest, int lane, ulong sequence)
    {
        lock (_gate) return _dropped.TryGetValue(digest, out ulong[]? fence) && sequence <= fence[lane];
    }

    /// <summary>Nobody asks these tests when a block was put.</summary>
    public bool IsLastPut(in Digest256 digest, ulong nanoseconds) => false;

    /// <summary>Drops blocks, as the janitor.</summary>
    public void Drop(MaintenanceLockScope term, IReadOnlyList<Digest256> digests)
    {
        term.BeginSweep();
        _ = store.Append(new DropFact(store.Listing.Marks(), digests));
        term.EndSweep();
    }

    private void Take(in LogEvent found)
    {
        RecordHeader record = found.Record;
        if (record.RecordKind == RecordKind.Fact)
        {
            TakeDrop(found.Payload.Span);
            return;
        }

        if (!_last.TryGetValue(record.Digest, out ulong[]? last)) _last[record.Digest] = last = new ulong[64];
        last[found.Lane] = Math.Max(last[found.Lane], record.Sequence);
    }

    private void TakeDrop(ReadOnlySpan<byte> payload)
    {
        ReadOnlySpan<ulong> fence = MemoryMarshal.Cast<byte, ulong>(payload[..(64 * sizeof(ulong))]);
        foreach (ref readonly Digest256 digest in MemoryMarshal.Cast<byte, Digest256>(payload[(64 * sizeof(ulong))..]))
        {
            if (!_dropped.TryGetValue(digest, out ulong[]? known)) _dropped[digest] = known = new ulong[64];
            for (int lane = 0; lane < known.Length; lane++) known[lane] = Math.Max(known[lane], fence[lane]);
        }
    }

    private sealed class DropFact(ulong[] fence, IReadOnlyList<Digest256> digests) : IFactSource
    {
        public int Write(in BlockInfo block, Span<byte> destination)
        {
            destination[..(64 * sizeof(ulong))].Clear();
            Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(destination[..(64 * sizeof(ulong))]);
            fence.CopyTo(words);
            Span<Digest256> named = MemoryMarshal.Cast<byte, Digest256>(destination[(64 * sizeof(ulong))..]);
            for (int i = 0; i < digests.Count; i++) named[i] = digests[i];
            return (64 * sizeof(ulong)) + (digests.Count * 32);
        }
    }
}
