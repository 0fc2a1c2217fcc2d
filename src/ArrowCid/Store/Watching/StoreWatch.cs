using System.Diagnostics;
using System.Runtime.CompilerServices;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Follows what is put and said.</summary>
internal sealed class StoreWatch(StoreCore core)
{
    public IEnumerable<StoreEvent> WatchFrom(Cursor from, WatchOptions options, CancellationToken cancellationToken)
    {
        TimeSpan timeout = options.Timeout ?? TimeSpan.MaxValue;
        AnnouncedFacts? facts = options.WithMetadata ? new AnnouncedFacts() : null;
        FilterGlob? names = options.Names is { } pattern ? new FilterGlob(pattern) : null;
        using LogReader tail =
            core.Blocks.Tail(from, facts is null && names is null ? TailScope.Blocks : TailScope.All);
        using CancellationTokenRegistration disturbance = cancellationToken.UnsafeRegister(
            static signal => ((LogSignal)signal!).Disturb(), core.Blocks.Signal);
        var pause = new LogPause(core.Blocks.Signal);
        long idle = 0;
        while (!tail.IsClosed)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (tail.TryNext(out LogEvent found))
            {
                idle = 0;
                pause.Reset();
                foreach (StoreEvent change in ChangesIn(found, names)) yield return change;
                if (TryAnnounce(in found, facts, out StoreEvent announcement) && IsWanted(in announcement, options))
                    yield return announcement;
                continue;
            }

            if (idle == 0) idle = Stopwatch.GetTimestamp();
            TimeSpan left = timeout - Stopwatch.GetElapsedTime(idle);
            if (left <= TimeSpan.Zero) yield break;
            if (pause.LooksAgain()) continue;
            tail.ThrowIfGone();
            pause.Sleep(left);
        }
    }

    public async IAsyncEnumerable<StoreEvent> WatchFromAsync(Cursor from, WatchOptions options,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        AnnouncedFacts? facts = options.WithMetadata ? new AnnouncedFacts() : null;
        FilterGlob? names = options.Names is { } pattern ? new FilterGlob(pattern) : null;
        using LogReader tail =
            core.Blocks.Tail(from, facts is null && names is null ? TailScope.Blocks : TailScope.All);
        var pause = new LogPause(core.Blocks.Signal);
        while (!tail.IsClosed)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (tail.TryNext(out LogEvent found))
            {
                pause.Reset();
                foreach (StoreEvent change in ChangesIn(found, names)) yield return change;
                if (TryAnnounce(in found, facts, out StoreEvent announcement) && IsWanted(in announcement, options))
                    yield return announcement;
            }
            else if (!pause.LooksAgain())
            {
                tail.ThrowIfGone();
                await pause.SleepAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public bool TryAnnounce(in LogEvent found, AnnouncedFacts? facts, out StoreEvent announcement)
    {
        announcement = default;
        if (found.Gap is { } gap)
        {
            announcement = new StoreEvent
            {
                Kind = StoreEventKind.Gap,
                Address = default,
                Time = default,
                Lane = found.Lane,
                Sequence = 0,
                Cursor = found.Cursor,
                Gap = gap,
            };
            return true;
        }

        RecordHeader record = found.Record;
        if (record.RecordKind == RecordKind.Fact)
        {
            facts?.Keep(in found);
            return false;
        }

        bool isAgain = record.RecordKind == RecordKind.Ref;
        if (isAgain ? !IsOfBatch(in record) : record.RecordKind != RecordKind.Batch) return false;
        BlockInfo info = record.ToInfo();
        StoreEventKind kind = isAgain ? StoreEventKind.Repeated : StoreEventKind.New;
        announcement = new StoreEvent
        {
            Kind = kind,
            Address = BlockProof.AddressOf(in info),
            Time = info.Time,
            Lane = found.Lane,
            Sequence = record.Sequence,
            Cursor = found.Cursor,
            Gap = null,
            Metadata = facts?.Of(in record, found.Lane),
        };
        return true;
    }

    /// <summary>The changes of names that a record of facts has.</summary>
    public StoreEvent[] ChangesIn(in LogEvent found, FilterGlob? names)
    {
        if (names is null || found.Gap is not null || found.Record.RecordKind != RecordKind.Fact) return [];
        RecordHeader record = found.Record;
        List<StoreEvent>? changes = null;
        foreach (FactGroup group in FactReader.Read(found.Payload.Span, record.TimeNanoseconds, static _ => { }))
        {
            foreach (NameFact fact in group.Facts.OfType<NameFact>())
            {
                if (!names.IsMatch(fact.Name)) continue;
                (changes ??= []).Add(new StoreEvent
                {
                    Kind = StoreEventKind.Name,
                    Address = default,
                    Time = group.Stamp.When,
                    Lane = found.Lane,
                    Sequence = record.Sequence,
                    Cursor = found.Cursor,
                    Gap = null,
                    Name = fact.Name,
                    OldCid = fact.Previous is { } previous ? core.Registry.Names.At(fact.Name, previous) : null,
                    NewCid = fact.Target,
                });
            }
        }

        return changes is null ? [] : [.. changes];
    }

    private static bool IsWanted(in StoreEvent announcement, WatchOptions options) =>
        options.WithPuts || announcement.Kind == StoreEventKind.Gap;

    /// <summary>A REF does not say what kind its block is of.</summary>
    private bool IsOfBatch(in RecordHeader again)
    {
        // A schema is its own, and raw bytes have none.
        if (again.SchemaDigest == again.Digest || again.SchemaDigest == default) return false;
        try
        {
            using RecordLease? block = core.Blocks.Find(again.Digest);
            return block is null || block.Info.Kind == RecordKind.Batch;
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            // It was put; a request for it gets the error.
            return true;
        }
        catch (ObjectDisposedException)
        {
            // Nothing more is announced.
            return false;
        }
    }

    /// <summary>The metadata of a put is the record just in front of the block's in its lane.</summary>
    public sealed class AnnouncedFacts
    {
        private readonly Dictionary<int, (RecordHeader Record, ReadOnlyMemory<byte> Payload)> _last = [];

        public void Keep(in LogEvent found) => _last[found.Lane] = (found.Record, found.Payload);

        public BlockMetadata? Of(in RecordHeader block, int lane)
        {
            if (!_last.Remove(lane, out var last) || last.Record.Sequence + 1 != block.Sequence) return null;
            List<FactGroup> groups = FactReader.Read(last.Payload.Span, last.Record.TimeNanoseconds, static _ => { });
            return FactRecord.MetadataOf(groups.SelectMany(group => group.Facts), in block.Digest);
        }
    }
}
