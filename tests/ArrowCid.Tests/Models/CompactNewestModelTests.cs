namespace ArrowCid.Tests.Models;

/// <summary>
/// A compactor gives a lane a next data segment, so that its newest one, which holds a removed block X, can be freed.
/// Meanwhile W puts Y into the lane, V puts X again after its entry is gone, R puts Y again in another lane as soon as
/// an entry leads to it, and a watcher reads the lane. W and the compactor may be killed at every step; the compactor
/// is another process, or a thread of W's.
/// </summary>
public class CompactNewestModelTests
{
    private const string Gone = "an acknowledged put is gone";
    private const string Missed = "a watcher misses an acknowledged put";

    [Fact]
    public void Newest_segment_goes_without_a_loss_when_another_process_compacts() =>
        new CompactNewestModel().Explore().Holds(4500, "J: begins the next segment", "J: in use", "J: killed",
            "J: adopts Y", "J: copies Y", "J: unlinks", "J: refused by a lease", "W: killed", "W: adopts nothing",
            "V: seals the older segment", "V: acknowledged", "R: acknowledged", "L: hole, lists", "L: hears Y",
            "L: hears X again");

    [Fact]
    public void Newest_segment_goes_without_a_loss_when_its_writer_compacts() =>
        new CompactNewestModel { IsWriters = true }.Explore().Holds(5500, "J: begins the next segment", "J: in use",
            "J: copies Y", "J: unlinks", "W: killed", "V: adopts Y", "V: acknowledged", "L: hole, lists");

    [Fact]
    public void Watcher_hears_of_every_put_when_none_follows_the_compaction() =>
        new CompactNewestModel { PutsAgain = false }.Explore().Holds(3300, "J: unlinks", "L: hole, lists", "L: hears Y");

    [Fact]
    public void Put_is_removed_with_an_older_one_when_the_lane_has_no_next_segment() =>
        new CompactNewestModel { BeginsNext = false }.Explore()
            .Breaks(Gone, "J: seals the newest segment", "J: unlinks", "V: adopts nothing", "V: acknowledged");

    [Fact]
    public void Put_is_removed_with_an_older_one_when_the_next_segment_does_not_say_where_the_numbers_go_on() =>
        new CompactNewestModel { HeaderCarriesNumbers = false }.Explore()
            .Breaks(Gone, "J: begins the next segment", "J: entries to 0", "V: acknowledged");

    [Fact]
    public void Put_is_gone_when_its_segment_gets_a_next_one_while_it_is_in_progress() =>
        new CompactNewestModel { IsWriters = true, WaitsForPuts = false }.Explore()
            .Breaks(Gone, "W: has a place", "J: begins the next segment", "W: acknowledged", "J: entries to 0");

    [Fact]
    public void Put_is_gone_when_the_lane_of_another_writer_gets_a_next_segment() =>
        new CompactNewestModel { TakesLane = false }.Explore()
            .Breaks(Gone, "W: entry", "R: acknowledged", "J: begins the next segment", "W: killed", "J: entries to 0");

    [Fact]
    public void Put_is_gone_when_the_lane_gets_a_next_segment_before_its_last_record_is_taken_over() =>
        new CompactNewestModel { TakesOver = false }.Explore()
            .Breaks(Gone, "W: entry", "W: killed", "J: begins the next segment", "J: entries to 0");

    [Fact]
    public void Watcher_misses_a_put_when_an_empty_segment_does_not_show_that_numbers_are_missing() =>
        new CompactNewestModel { EmptyShowsHole = false, PutsAgain = false }.Explore()
            .Breaks(Missed, "W: acknowledged", "J: copies Y", "J: unlinks");

    // Either look alone sees what was put between the first look and the seal.
    [Fact]
    public void Put_stays_when_the_sealed_segment_is_looked_at_again_only_after_it_is_retired() =>
        new CompactNewestModel { LooksAfterSeal = false }.Explore().Holds(5000, "J: newly alive, SEALED again");

    [Fact]
    public void Put_stays_when_the_sealed_segment_is_looked_at_only_before_it_is_retired() =>
        new CompactNewestModel { LooksAfterRetired = false }.Explore().Holds(4500, "J: copies Y", "J: unlinks");

    [Fact]
    public void Put_is_gone_when_the_segment_is_judged_by_what_it_held_before_it_was_sealed() =>
        new CompactNewestModel { LooksAfterSeal = false, LooksAfterRetired = false }.Explore()
            .Breaks(Gone, "J: little is alive", "W: acknowledged", "J: begins the next segment", "J: entries to 0");
}

/// <summary>One put. At: see the model. Tail and Place: the newest segment for its owner, and where its record is: 0
/// none, 1 the old segment, 2 the next one.</summary>
internal readonly record struct NewestPut(byte At, byte Tail, byte Place, byte Number, bool IsCommitted, bool IsAcked);

/// <summary>Old: 0 open, 1 sealed, 2 retired, 3 gone. First: the next segment's first number, 0 before it is there.
/// Lane: the holder of its lock: 0 none, 1 W, 2 V, 3 the compactor. Entry: of Y: 0 none, 1 and 2 the segments, 3 the
/// copy in the compactor's lane. At is the watcher's position.</summary>
internal readonly record struct CompactNewest(
    byte Old, byte First, byte Lane, byte Entry, bool HasEntryX, NewestPut W, NewestPut V, byte J, bool SawY,
    bool IsLocked, byte R, byte At, bool HeardY, bool HeardX);

/// <summary>FORMAT.md, "A segment goes": compaction of a lane's newest data segment. X has number 1 in the old segment,
/// and the drop voids what X has up to number 1 of this lane.</summary>
internal sealed class CompactNewestModel : Model<CompactNewest>
{
    // Where a put is.
    private const byte Locked = 1, Ready = 2, Placed = 3, Headed = 4, Entered = 5, Over = 6, Closed = 7, Dead = 8;
    // Where the compactor is.
    private const byte Looked = 1, Took = 2, Begins = 3, Seals = 4, Copies = 5, Locks = 6, Retires = 7, Asks = 8,
        Clears = 9, Unlinks = 10, Done = 11;
    private const byte Open = 0, Sealed = 1, Retired = 2, Away = 3;
    private const byte Old = 1, Next = 2, Moved = 3;

    /// <summary>The compactor is a thread of W's process, which has the lane already.</summary>
    public bool IsWriters { get; init; }

    /// <summary>V puts X again.</summary>
    public bool PutsAgain { get; init; } = true;

    public bool BeginsNext { get; init; } = true;

    public bool HeaderCarriesNumbers { get; init; } = true;

    /// <summary>A lane whose puts are in progress gets no next segment.</summary>
    public bool WaitsForPuts { get; init; } = true;

    public bool TakesLane { get; init; } = true;

    public bool TakesOver { get; init; } = true;

    public bool EmptyShowsHole { get; init; } = true;

    public bool LooksAfterSeal { get; init; } = true;

    public bool LooksAfterRetired { get; init; } = true;

    public override CompactNewest Start => new() { HasEntryX = true, At = 1 };

    public override IEnumerable<(string Step, CompactNewest Next)> Steps(CompactNewest s) =>
        [.. Write(s), .. WriteAgain(s), .. PutInAnotherLane(s), .. Begin(s), .. Free(s), .. Kill(s), .. Watch(s)];

    private static byte Newest(CompactNewest s) => s.First > 0 ? Next : s.Old != Away ? Old : (byte)0;

    /// <summary>The number that an owner of the lane gives next.</summary>
    private static byte NextNumber(CompactNewest s, byte tail)
    {
        byte next = tail == Old ? (byte)2 : tail == Next ? s.First : (byte)1;
        if (s.W.IsCommitted && s.W.Place == tail) next = Math.Max(next, (byte)(s.W.Number + 1));
        if (s.V.IsCommitted && s.V.Place == tail) next = Math.Max(next, (byte)(s.V.Number + 1));
        return next;
    }

    /// <summary>A new owner: of the newest segment it takes over a record that has its header and is not committed; an
    /// older one that is still open is sealed as it is.</summary>
    private static (string What, CompactNewest State) TakeOver(CompactNewest s)
    {
        byte newest = Newest(s);
        bool isLeft = s.W is { At: Dead, IsCommitted: false, Number: > 0 } && s.W.Place == newest && s.Old != Away;
        CompactNewest t = isLeft
            ? s with { W = s.W with { IsCommitted = true }, Entry = newest }
            : s;
        if (newest == Next && s.Old == Open) return ("seals the older segment", t with { Old = Sealed });
        return (isLeft ? "adopts Y" : "adopts nothing", t);
    }

    private static IEnumerable<(string Step, CompactNewest Next)> Write(CompactNewest s)
    {
        NewestPut w = s.W;
        if (w.At == 0 && s.Lane == 0) yield return ("W: takes the lane", s with { Lane = 1, W = w with { At = Locked } });
        if (w.At == Locked)
        {
            (string what, CompactNewest t) = TakeOver(s);
            yield return ($"W: {what}", t with { W = w with { At = Ready, Tail = Newest(t) } });
        }

        // Nothing is appended to a sealed segment; the owner begins one more.
        byte tail = w.Tail == Old && s.Old != Open ? Next : w.Tail;
        bool isThere = tail == Old || s.First > 0;
        if (w.At == Ready && isThere)
            yield return ("W: has a place", s with { W = w with { At = Placed, Tail = tail, Place = tail } });
        if (w.At == Ready && !isThere)
            yield return ("W: begins a segment", s with { First = NextNumber(s, Newest(s)), W = w with { Tail = Next } });
        if (w.At == Placed)
            yield return ("W: header", s with { W = w with { At = Headed, Number = NextNumber(s, w.Place) } });
        if (w.At == Headed) yield return ("W: entry", s with { Entry = w.Place, W = w with { At = Entered } });
        if (w.At == Entered)
            yield return ("W: acknowledged", s with { W = w with { At = Over, IsCommitted = true, IsAcked = true } });
        if (w.At == Over) yield return ("W: closes", s with { Lane = 0, W = w with { At = Closed } });
    }

    private IEnumerable<(string Step, CompactNewest Next)> WriteAgain(CompactNewest s)
    {
        NewestPut v = s.V;
        if (v.At == 0 && s.Lane == 0) yield return ("V: takes the lane", s with { Lane = 2, V = v with { At = Locked } });
        if (v.At == Locked)
        {
            (string what, CompactNewest t) = TakeOver(s);
            yield return ($"V: {what}", t with { V = v with { At = Ready, Tail = Newest(t) } });
        }

        // While an entry leads to it X is known; DropModel has that.
        if (v.At == Ready && !s.HasEntryX && PutsAgain)
        {
            byte first = s.First > 0 ? s.First : NextNumber(s, v.Tail);
            byte number = s.First > 0 ? NextNumber(s, Next) : first;
            yield return ("V: acknowledged", s with
            {
                First = first,
                V = v with { At = Over, Place = Next, Number = number, IsCommitted = true, IsAcked = true },
            });
        }

        if (v.At == Ready) yield return ("V: closes without a put", s with { Lane = 0, V = default });
        if (v.At == Over) yield return ("V: closes", s with { Lane = 0, V = v with { At = Closed } });
    }

    private static IEnumerable<(string Step, CompactNewest Next)> PutInAnotherLane(CompactNewest s)
    {
        bool isFound = s.Entry > Old || (s.Entry == Old && s.Old <= Sealed && !s.IsLocked);
        if (s.R == 0 && isFound) yield return ("R: leases Y", s with { R = s.Entry == Old ? (byte)1 : (byte)2 });
        if (s.R is 1 or 2) yield return ("R: acknowledged", s with { R = 3 });
    }

    private static bool IsYAlive(CompactNewest s) => s.Entry == Old && s.W is { IsCommitted: true, Place: Old };

    private IEnumerable<(string Step, CompactNewest Next)> Begin(CompactNewest s)
    {
        if (s.J == 0 && s.Old == Open && s.First == 0)
            yield return ("J: little is alive", s with { J = Looked, SawY = IsYAlive(s) });
        if (s.J == 0 && s.Old is Sealed or Retired)
            yield return ("J: may go", s with { J = s.Old == Sealed ? Copies : Locks, SawY = IsYAlive(s) });
        if (s.J == Looked)
        {
            bool isOwn = IsWriters && s.Lane == 1 && s.W.At != Locked;
            bool isIdle = s.W.At is Ready or Over;
            // Under the lane's gate, which W needs for a place.
            if (isOwn && (isIdle || !WaitsForPuts)) yield return BeginNext(s);
            else if (s.Lane == 0 || !TakesLane)
                yield return ("J: takes the lane", s with { J = TakesOver ? Took : Begins, Lane = s.Lane == 0 ? (byte)3 : s.Lane });
            else yield return ("J: in use", s with { J = 0 });
        }

        if (s.J == Took)
        {
            (string what, CompactNewest t) = TakeOver(s);
            yield return ($"J: {what}", t with { J = Begins });
        }

        if (s.J == Begins && (s.First > 0 || s.Old != Open))
            yield return ("J: it is not the newest", s with { J = 0, Lane = s.Lane == 3 ? (byte)0 : s.Lane });
        else if (s.J == Begins)
            yield return BeginNext(s);
        if (s.J == Seals)
            yield return ("J: seals the newest segment",
                s with { J = Copies, Old = Sealed, Lane = s.Lane == 3 ? (byte)0 : s.Lane });
    }

    private (string Step, CompactNewest Next) BeginNext(CompactNewest s) => ("J: begins the next segment", s with
    {
        J = Seals,
        First = !BeginsNext ? (byte)0 : HeaderCarriesNumbers ? NextNumber(s, Old) : (byte)1,
        W = IsWriters && s.Lane == 1 && BeginsNext ? s.W with { Tail = Next } : s.W,
    });

    private IEnumerable<(string Step, CompactNewest Next)> Free(CompactNewest s)
    {
        if (s.J == Copies)
        {
            bool isAlive = LooksAfterSeal ? IsYAlive(s) : s.SawY;
            yield return isAlive ? ("J: copies Y", s with { J = Locks, Entry = Moved }) : ("J: nothing is alive", s with { J = Locks });
        }

        // The owner maps what it writes to; a thread of its own process has let go of it with the seal.
        bool isOwners = s.W.At is > Locked and < Closed && s.W.Tail == Old;
        bool isLeased = s.R == 1 || isOwners;
        if (s.J == Locks && isLeased) yield return ("J: refused by a lease", s);
        if (s.J == Locks && !isLeased) yield return ("J: write lock", s with { J = Retires, IsLocked = true });
        if (s.J == Retires) yield return ("J: RETIRED", s with { J = Asks, Old = Retired });
        if (s.J == Asks)
            yield return LooksAfterRetired && IsYAlive(s)
                ? ("J: newly alive, SEALED again", s with { J = Copies, Old = Sealed, IsLocked = false, SawY = true })
                : ("J: nothing is newly alive", s with { J = Clears });
        if (s.J == Clears)
            yield return ("J: entries to 0",
                s with { J = Unlinks, HasEntryX = false, Entry = s.Entry == Old ? (byte)0 : s.Entry });
        if (s.J == Unlinks) yield return ("J: unlinks", s with { J = Done, Old = Away, IsLocked = false });
    }

    private IEnumerable<(string Step, CompactNewest Next)> Kill(CompactNewest s)
    {
        bool isWriter = s.W.At is > 0 and < Closed;
        bool isCompactor = s.J is > 0 and < Done;
        CompactNewest t = s with { J = isCompactor ? (byte)0 : s.J, IsLocked = isCompactor ? false : s.IsLocked };
        t = t with { Lane = isCompactor && t.Lane == 3 ? (byte)0 : t.Lane };
        if (isCompactor && !(IsWriters && isWriter)) yield return ("J: killed", t);
        if (!isWriter) yield break;
        CompactNewest u = IsWriters ? t : s;
        // A record without its header is nothing.
        NewestPut w = s.W with { At = Dead, Tail = 0 };
        yield return ("W: killed", u with { Lane = u.Lane == 1 ? (byte)0 : u.Lane, W = w });
    }

    private IEnumerable<(string Step, CompactNewest Next)> Watch(CompactNewest s)
    {
        byte next = (byte)(s.At + 1);
        bool canRead = s.Old <= Sealed && !s.IsLocked;
        bool isY = s.W.IsCommitted && (s.W.Place == Next || canRead);
        if (isY && s.W.Number == next) yield return ("L: hears Y", s with { At = next, HeardY = true });
        if (s.V.IsCommitted && s.V.Number == next) yield return ("L: hears X again", s with { At = next, HeardX = true });
        if (IsHole(s, next))
            yield return ("L: hole, lists", s with
            {
                At = Last(s),
                HeardY = s.HeardY || s.Entry == Moved || isY,
                HeardX = s.HeardX || s.V.IsCommitted,
            });
    }

    private bool IsHole(CompactNewest s, byte next)
    {
        bool isThere = (s.W.IsCommitted && s.W.Number == next && s.Old != Away) ||
            (s.W.IsCommitted && s.W.Number == next && s.W.Place == Next) || (s.V.IsCommitted && s.V.Number == next);
        bool mayCome = s.Old == Retired || s.IsLocked;
        if (isThere || mayCome || s.First == 0) return false;
        bool isEmpty = !(s.W.IsCommitted && s.W.Place == Next) && !s.V.IsCommitted;
        return isEmpty ? EmptyShowsHole && s.First > next : Last(s) > next;
    }

    private static byte Last(CompactNewest s)
    {
        byte last = (byte)Math.Max(s.At, s.First - 1);
        if (s.W.IsCommitted) last = Math.Max(last, s.W.Number);
        return s.V.IsCommitted ? Math.Max(last, s.V.Number) : last;
    }

    public override string? Fault(CompactNewest s)
    {
        bool isYThere = s.Entry is Next or Moved || (s.Entry == Old && s.Old != Away);
        if ((s.W.IsAcked || s.R == 3) && !isYThere) return "an acknowledged put is gone";
        // The drop of the first X voids every record of X up to number 1.
        if (s.V is { IsAcked: true, Number: <= 1 }) return "an acknowledged put is gone";
        bool isQuiet = s.J == Done && s.W.At is 0 or Closed or Dead && s.V.At is 0 or Closed && !Watch(s).Any();
        bool isMissed = (s.W.IsAcked && !s.HeardY) || (s.V.IsAcked && !s.HeardX);
        return s.J == Done && isQuiet && isMissed ? "a watcher misses an acknowledged put" : null;
    }

    public override bool IsGoal(CompactNewest s) => !PutsAgain || (s.J == Done && s.V.At == Closed);

    public override string OutOfReach => "the segment cannot go";
}
