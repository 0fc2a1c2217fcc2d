using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Who maps, holds and writes what: the table, the participants and what the kernel shows of locks, put
/// together for people.</summary>
internal sealed class StoreReport(ControlFile control, Participants participants)
{
    private readonly List<HeldLock> _locks = LockHolders.Find(control.DirectoryFile, Files(control));

    public List<SegmentReport> Segments()
    {
        var segments = new List<SegmentReport>();
        for (int slot = 0; slot < control.Superblock.Segments; slot++)
        {
            TableWord word = control.Table(slot);
            if (word.State == SegmentState.Free) continue;
            (ulong order, SegmentKind kind) = control.Details(slot);
            // What is being made has no order yet.
            if (word.State == SegmentState.Creating) order = ulong.MaxValue;
            string name = StoreLayout.SegmentName(slot, word.Generation);
            int[] holders = Holders(name);
            (long committed, DateTimeOffset? created) = ReadFile(name, word.Bytes, out bool isHeld);
            segments.Add(new SegmentReport(slot, name, word.State, kind, word.Lane, order, word.Bytes, committed,
                created, holders, isHeld && holders.Length == 0));
        }

        // One that is being made has no place in the order yet.
        segments.Sort((one, other) => (one.State == SegmentState.Creating, one.Order)
            .CompareTo((other.State == SegmentState.Creating, other.Order)));
        return segments;
    }

    /// <summary>Every process that shows, by its locks or in the table of participants.</summary>
    public List<ProcessReport> Processes()
    {
        List<Participant> known = participants.List();
        IEnumerable<int> ids = _locks.Select(held => held.Process).Concat(known.Select(one => one.Process)).Distinct();
        return [.. ids.Order().Select(id => Describe(id, known.FindAll(one => one.Process == id)))];
    }

    /// <summary>The processes that hold a segment.</summary>
    public int[] Holders(string segment) =>
        [.. _locks.Where(held => held.File == segment).Select(held => held.Process).Distinct().Order()];

    private ProcessReport Describe(int id, List<Participant> slots)
    {
        HeldLock[] own = [.. _locks.Where(held => held.Process == id)];
        HeldLock[] onControl = [.. own.Where(held => held.File == StoreLayout.ControlName)];
        int[] lanes =
        [
            .. onControl.Where(held => held.IsExclusive)
                .SelectMany(held => Within(held, StoreLayout.LaneLock, StoreLayout.MaxLanes))
                .Concat(slots.Where(slot => slot.Lane >= 0 && own.Length == 0).Select(slot => slot.Lane))
                .Distinct().Order(),
        ];
        bool isJanitor = onControl.Any(held =>
            held.IsExclusive && held.Start <= StoreLayout.JanitorLock && held.End > StoreLayout.JanitorLock);
        string[] segments =
            [.. own.Where(held => held.File != StoreLayout.ControlName).Select(held => held.File).Distinct().Order()];
        string name = ProcessFacts.Program(id);
        if (name.Length == 0) name = slots.Select(slot => slot.Name).FirstOrDefault() ?? "";
        DateTimeOffset? since = slots.Count > 0 ? slots.Min(slot => slot.Since) : ProcessFacts.StartTime(id);
        uint? user = ProcessFacts.UserId(id) ?? slots.Select(slot => (uint?)slot.UserId).FirstOrDefault();
        return new ProcessReport(id, name, user, since, slots.Count > 0, lanes, isJanitor, segments);
    }

    private (long Committed, DateTimeOffset? Created) ReadFile(string name, long bytes, out bool isHeld)
    {
        isHeld = false;
        using FileDescriptor? file = control.DirectoryFile.TryOpenFile(name, writable: false, out _);
        var half = new byte[StoreLayout.SegmentHeaderBytes];
        var word = new byte[sizeof(ulong)];
        if (file is null || file.Read(half, 0, out _) != half.Length || SegmentHeader.Read(half) is not { } header ||
            file.Read(word, StoreLayout.SegmentCommitted, out _) != word.Length)
            return (0, null);
        isHeld = file.IsLockedElsewhere(0, 0);
        long committed = (long)Math.Min(BitConverter.ToUInt64(word), (ulong)bytes) - StoreLayout.SegmentRecords;
        long ticks = (long)Math.Min(header.CreatedNanoseconds / 100, (ulong)TimeSpan.FromDays(300_000).Ticks);
        return (Math.Max(committed, 0), DateTimeOffset.UnixEpoch.AddTicks(ticks));
    }

    /// <summary>The lock bytes of one kind that a range covers, counted from the first.</summary>
    private static IEnumerable<int> Within(HeldLock held, long first, int count)
    {
        for (long at = Math.Max(held.Start, first); at < Math.Min(held.End, first + count); at++)
            yield return (int)(at - first);
    }

    private static IEnumerable<string> Files(ControlFile control)
    {
        yield return StoreLayout.ControlName;
        for (int slot = 0; slot < control.Superblock.Segments; slot++)
        {
            TableWord word = control.Table(slot);
            if (word.State != SegmentState.Free) yield return StoreLayout.SegmentName(slot, word.Generation);
        }
    }
}
