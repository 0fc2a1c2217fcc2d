using System.Diagnostics;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid.Transfer.Backup;

/// <summary>
/// Reads a store as it is at one moment, the fence: each lane up to its last committed record then, beside writers and
/// collectors at work. A block that was collected before it could be copied moves the fence on; what is reported is the
/// last one.
/// </summary>
/// <param name="blocks">The store.</param>
/// <param name="operation">The call that it is read for.</param>
internal sealed class StoreSnapshot(BlockStore blocks, Operation operation)
{
    private const int MostRounds = 64;
    private const int EventsAtOnce = 1 << 14;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Dictionary<Digest256, SnapshotBlock> _given = [];
    private readonly List<string> _faults = [];
    private RegistryState _book = new();
    private ulong[] _fence = [];

    /// <summary>Every block that was alive at the moment, with what is beneath them.</summary>
    public Dictionary<Digest256, SnapshotBlock> Live { get; } = [];

    /// <summary>What could not be read: nothing of it was given. Sentences without full stops.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>The greatest time of a fact.</summary>
    public ulong MaxTime => _book.MaxTime;

    /// <summary>Gives a sink all facts, and the blocks whose bytes it wants.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: the log cannot be read to the fence, or is
    /// collected as fast as it is read.</exception>
    public void ReadInto(ISnapshotSink sink)
    {
        var before = new HashSet<Digest256>();
        Cursor from = Cursor.Oldest;
        for (int round = 0; round < MostRounds; round++)
        {
            HashSet<string> segments = blocks.Listing.LiveSegments();
            Cursor fence = blocks.Listing.Fix(Cursor.Now);
            if (from.IsOldest)
            {
                _book = new RegistryState();
                _faults.Clear();
            }

            ReadLog(from, fence, sink);
            // Records moved meanwhile are after the fence now: all is read again.
            if (!blocks.IsRing && !segments.IsSubsetOf(blocks.Listing.LiveSegments()))
            {
                from = Cursor.Oldest;
                continue;
            }

            from = fence;
            HashSet<Digest256> gone = GiveBlocks(sink);
            if (gone.Count == 0 || blocks.IsRing) return;
            if (gone.SetEquals(before))
            {
                // No drop explains it.
                foreach (Digest256 digest in gone) Keep(in digest, sink);
                return;
            }

            before = gone;
        }

        throw new ArrowCidException(ErrorCode.Busy,
            $"{blocks.Directory} is collected as fast as it is read; try again");
    }

    private void ReadLog(Cursor from, Cursor fence, ISnapshotSink sink)
    {
        _fence = new ulong[fence.Lanes];
        for (int lane = 0; lane < _fence.Length; lane++) _fence[lane] = fence.At(lane).Sequence;
        using LogReader tail = blocks.Tail(from, TailScope.All);
        long started = Stopwatch.GetTimestamp();
        for (int pause = 0; ; pause = Math.Min(pause + 1, 10))
        {
            int taken = 0;
            operation.Check();
            while (taken < EventsAtOnce && tail.TryNext(out LogEvent found))
            {
                Take(in found, sink);
                taken++;
            }

            if (IsPast(tail.Position, _fence)) return;
            if (taken == EventsAtOnce)
            {
                started = Stopwatch.GetTimestamp();
                continue;
            }

            // Where the last records of a lane were collected, no later one shows that they are missing.
            ulong[] present = blocks.Listing.PresentMarks();
            ulong[] reachable = [.. _fence.Select((mark, lane) => Math.Min(mark, present[lane]))];
            if (IsPast(tail.Position, reachable)) return;
            if (Stopwatch.GetElapsedTime(started) >= s_patience)
                throw new ArrowCidException(ErrorCode.Busy,
                    $"{blocks.Directory}: the log cannot be read to its end")
                {
                    Remedy = new Remedy(RemedyKind.CheckLog),
                };
            Thread.Sleep(pause);
        }
    }

    private static bool IsPast(Cursor position, ulong[] marks)
    {
        for (int lane = 0; lane < marks.Length; lane++)
        {
            if (position.At(lane).Sequence < marks[lane]) return false;
        }

        return true;
    }

    private void Take(in LogEvent found, ISnapshotSink sink)
    {
        if (found.Gap is { } gap)
        {
            if (gap.Reason == GapReason.Damaged) _faults.Add(gap.ToString());
            // After any other gap everything stored is listed again.
            else _book = new RegistryState();
            return;
        }

        RecordHeader record = found.Record;
        if (found.Lane >= _fence.Length || record.Sequence > _fence[found.Lane]) return;
        if (record.RecordKind != RecordKind.Fact)
        {
            _book.Announce(in record.Digest, found.Lane, record.Sequence, record.TimeNanoseconds);
            return;
        }

        _book.Apply(found.Payload.Span, record.TimeNanoseconds, found.Lane, record.Sequence);
        if (PortableFacts.Extract(found.Payload.Span) is { } facts) sink.TakeFacts(facts);
    }

    /// <returns>The blocks that were alive and are no longer there.</returns>
    private HashSet<Digest256> GiveBlocks(ISnapshotSink sink)
    {
        Live.Clear();
        var gone = new HashSet<Digest256>();
        var seen = new HashSet<Digest256>();
        var open = new Stack<(Digest256 Digest, bool IsReady)>();
        foreach ((Digest256 root, BlockState page) in _book.Pages)
        {
            if (!page.IsAlive) continue;
            open.Push((root, false));
            while (open.TryPop(out (Digest256 Digest, bool IsReady) next))
            {
                operation.Check();
                if (next.IsReady) Give(next.Digest, sink, gone);
                else if (seen.Add(next.Digest)) PushNeeds(next.Digest, open);
            }
        }

        return gone;
    }

    private void PushNeeds(Digest256 digest, Stack<(Digest256 Digest, bool IsReady)> open)
    {
        open.Push((digest, true));
        if (Find(in digest) is not { } lease) return;
        BlockInfo info = lease.Info;
        lease.Dispose();
        if (BlockNeeds.Of(blocks, in info) is not { } needs)
        {
            AddFault($"node {Cid.FromSha256(info.Codec, digest)} is damaged: its links are unknown, and blocks that " +
                "only it keeps may be missing");
            return;
        }

        foreach ((_, Digest256 need) in needs) open.Push((need, false));
    }

    private void Give(Digest256 digest, ISnapshotSink sink, HashSet<Digest256> gone)
    {
        if (_given.TryGetValue(digest, out SnapshotBlock known))
        {
            Live.Add(digest, known with { LastPut = Math.Max(known.LastPut, LastPutOf(in digest)) });
            return;
        }

        using RecordLease? lease = Find(in digest);
        if (lease is null)
        {
            if (_book.Find(in digest) is { IsAlive: true }) _ = gone.Add(digest);
            return;
        }

        BlockInfo info = lease.Info;
        ulong created = NanosecondsOf(info.Time);
        var block = new SnapshotBlock(digest, info.Codec, created, Math.Max(created, LastPutOf(in digest)));
        if (sink.Wants(in block))
        {
            ReadOnlyMemory<byte> bytes = lease.Memory;
            if (Sha256.Hash(bytes.Span) != digest)
            {
                AddFault($"block {block.Cid} is damaged ({lease.Location})");
                return;
            }

            sink.TakeBlock(in block, bytes);
        }

        _given.Add(digest, block);
        Live.Add(digest, block);
    }

    /// <summary>A block is alive and cannot be read, which is not the same as removed.</summary>
    private void Keep(in Digest256 digest, ISnapshotSink sink)
    {
        AddFault($"block sha256:{digest} cannot be found");
        if (sink.TryGetEarlier(in digest, out SnapshotBlock block)) Live.Add(digest, block);
    }

    private void AddFault(string fault)
    {
        // Every round comes by again.
        if (!_faults.Contains(fault)) _faults.Add(fault);
    }

    private ulong LastPutOf(in Digest256 digest) => _book.Find(in digest)?.LastPut ?? 0;

    private RecordLease? Find(in Digest256 digest)
    {
        try
        {
            return blocks.Find(digest);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            return null;
        }
    }

    private static ulong NanosecondsOf(DateTimeOffset time) =>
        (ulong)Math.Max(0, (time - DateTimeOffset.UnixEpoch).Ticks) * 100;
}
