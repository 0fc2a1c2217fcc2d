namespace ArrowCid.Tests.Models;

/// <summary>
/// Three owners of a lane, one after the other: each takes the tail over and appends groups, which are committed record
/// by record in the order of their numbers. A loss of power keeps any subset of what was not flushed, and the committed
/// words are not believed after it; a kill keeps all. The lane has a data and a fact segment and one numbering over
/// both, and all records are of one size.
/// </summary>
public class TailModelTests
{
    private const string Rises = "an old tail rises again";

    [Fact]
    public void The_link_to_the_record_before_keeps_an_old_tail_of_equal_sizes_down() =>
        new TailModel { Chains = 1 }.Explore().Holds(600, "power is lost", "killed", "takes records over and flushes");

    [Fact]
    public void An_old_tail_of_equal_sizes_rises_again_without_the_link() =>
        new TailModel { Chains = 1, Link = Link.None }.Explore()
            .Breaks(Rises, "appends to data", "appends to data", "power is lost", "appends to data",
                "takes records over and flushes", "commits the next");

    [Fact]
    public void A_kill_alone_leaves_no_tail_that_could_rise() =>
        new TailModel { LosesPower = false, Link = Link.None, EndsTails = false }.Explore()
            .Holds(1290, "killed", "appends to facts");

    // Over two chains the link within a segment is not enough: a data record takes the number that is missing, and
    // the fact behind it still links to what stands before it in its own segment.
    [Fact]
    public void An_old_tail_rises_again_behind_a_number_that_the_other_chain_took() =>
        new TailModel { EndsTails = false }.Explore()
            .Breaks(Rises, "appends to data", "appends to facts", "power is lost", "leaves the tails",
                "appends to data", "killed", "takes records over and flushes", "commits the next");

    [Fact]
    public void Ending_both_tails_before_appending_keeps_it_down() =>
        new TailModel().Explore().Holds(6500, "power is lost", "ends both tails and flushes");

    [Fact]
    public void A_link_to_the_lanes_record_before_keeps_it_down_as_well() =>
        new TailModel { Link = Link.Lane, EndsTails = false }.Explore().Holds(8000, "power is lost");

    [Fact]
    public void A_group_whose_facts_are_committed_first_is_lost_in_part_by_who_begins_behind_the_highest_number() =>
        new TailModel { InNumberOrder = false }.Explore()
            .Breaks("a record is there without the one before it", "commits the facts", "killed",
                "takes records over and flushes");

    [Fact]
    public void It_is_not_by_who_begins_at_the_first_missing_number() =>
        new TailModel { InNumberOrder = false, BeginsAtFirstMissing = true }.Explore()
            .Holds(6500, "commits the facts", "killed", "power is lost");

    [Fact]
    public void Committed_words_that_are_believed_after_a_loss_of_power_lose_what_was_acknowledged() =>
        new TailModel { BelievesWords = true }.Explore()
            .Breaks("an acknowledged record is lost", "power is lost", "takes records over and flushes");

    [Fact]
    public void A_chain_that_is_walked_by_itself_shows_a_block_without_the_fact_before_it() =>
        new TailModel { OneNumbering = false }.Explore()
            .Breaks("a record is there without the one before it", "power is lost", "commits the next");
}

/// <summary>What a record's header says of the record before it.</summary>
internal enum Link
{
    None,
    Segment,
    Lane,
}

/// <summary>Eight records of eight bits: number 2, owner 2, number and owner of the record it links to.</summary>
internal readonly record struct Places(ulong Bits)
{
    public byte this[int chain, int place] => (byte)(Bits >> (chain * 32) >> (place * 8));

    public Places With(int chain, int place, byte record)
    {
        int shift = (chain * 32) + (place * 8);
        return new Places((Bits & ~(0xFFul << shift)) | ((ulong)record << shift));
    }
}

/// <summary>Records in memory and on the disk; the ends that are committed; where the lane's owner stands.</summary>
internal readonly record struct Tail(
    Places Memory, Places Disk, byte Data, byte Facts, byte DiskData, byte DiskFacts,
    byte Owner, byte At, byte NextData, byte NextFacts, byte Pending, byte Acked, byte Next, bool HasLostPower);

internal sealed class TailModel : Model<Tail>
{
    private const int Walk = 0;
    private const int Commit = 1;
    private const int End = 2;
    private const int Append = 3;
    private const int CommitOwn = 4;
    private const int Most = 3;
    private const int LastOwner = 3;

    public int Chains { get; init; } = 2;

    public Link Link { get; init; } = Link.Segment;

    public bool LosesPower { get; init; } = true;

    /// <summary>Before it appends, an owner takes away the record, if any, at the end of each chain.</summary>
    public bool EndsTails { get; init; } = true;

    /// <summary>Records are committed in the order of their numbers, and not a group's facts first.</summary>
    public bool InNumberOrder { get; init; } = true;

    public bool BeginsAtFirstMissing { get; init; }

    /// <summary>The committed words count after a loss of power.</summary>
    public bool BelievesWords { get; init; }

    public bool OneNumbering { get; init; } = true;

    public override Tail Start => new() { Owner = 1, At = Append };

    public override IEnumerable<(string Step, Tail Next)> Steps(Tail s)
    {
        if (s.At == Walk) yield return ("takes records over and flushes", TakeOver(s));
        if (s.At is Commit or CommitOwn) yield return Committed(s);
        if (s.At == End)
        {
            Places ended = EndsTails ? s.Memory.With(0, s.NextData, 0).With(1, s.NextFacts, 0) : s.Memory;
            yield return (EndsTails ? "ends both tails and flushes" : "leaves the tails",
                s with { At = Append, Memory = ended, Disk = ended });
        }

        if (s.At == Append && s.Pending < 2 && s.Next < Most && s.Owner < LastOwner)
        {
            yield return ("appends to data", Appended(s, 0));
            if (Chains > 1) yield return ("appends to facts", Appended(s, 1));
        }

        if (s.At == Append && s.Pending > 0) yield return ("flushes", s with { At = CommitOwn, Disk = s.Memory });
        if (s.Owner == LastOwner) yield break;
        Tail next = s with
        {
            Owner = (byte)(s.Owner + 1),
            At = Walk,
            NextData = 0,
            NextFacts = 0,
            Pending = 0,
            Next = 0,
        };
        yield return ("killed", next);
        foreach (Tail survivor in LosesPower ? Survivors(next with { HasLostPower = true }) : [])
            yield return ("power is lost", survivor);
    }

    private (string Step, Tail Next) Committed(Tail s)
    {
        bool isFact = s.Data == s.NextData ||
            (s.Facts < s.NextFacts && (!InNumberOrder || s.Memory[1, s.Facts] >> 6 == s.Data + s.Facts));
        Tail next = (isFact, InNumberOrder) switch
        {
            (true, true) => s with { Facts = (byte)(s.Facts + 1) },
            (false, true) => s with { Data = (byte)(s.Data + 1) },
            (true, false) => s with { Facts = s.NextFacts },
            (false, false) => s with { Data = s.NextData },
        };
        if (next.Data == next.NextData && next.Facts == next.NextFacts)
        {
            next = s.At == Commit
                ? next with { At = End }
                : next with { At = Append, Pending = 0, Acked = next.Next };
        }

        string what = isFact ? "facts" : "data";
        return (InNumberOrder ? "commits the next" : $"commits the {what}", next);
    }

    private Tail Appended(Tail s, int chain)
    {
        int place = chain == 0 ? s.NextData : s.NextFacts;
        byte before = Before(s, s.Memory, chain, place, s.Next);
        byte record = (byte)((s.Next << 6) | (s.Owner << 4) | (before >> 4));
        Tail next = s with
        {
            Memory = s.Memory.With(chain, place, record),
            Next = (byte)(s.Next + 1),
            Pending = (byte)(s.Pending + 1),
        };
        return chain == 0 ? next with { NextData = (byte)(place + 1) } : next with { NextFacts = (byte)(place + 1) };
    }

    // The record that one at this place links to, 0 for the segment's header.
    private byte Before(Tail s, Places places, int chain, int place, int number)
    {
        if (Link != Link.Lane) return place == 0 ? (byte)0 : places[chain, place - 1];
        for (int i = 0; i < s.NextData; i++) if (places[0, i] >> 6 == number - 1) return places[0, i];
        for (int i = 0; i < s.NextFacts; i++) if (places[1, i] >> 6 == number - 1) return places[1, i];
        return 0;
    }

    private Tail TakeOver(Tail s)
    {
        if (s.HasLostPower && !BelievesWords) s = s with { Data = 0, Facts = 0 };
        s = s with { NextData = s.Data, NextFacts = s.Facts, HasLostPower = false };
        var numbers = new HashSet<int>();
        for (int i = 0; i < s.Data; i++) numbers.Add(s.Memory[0, i] >> 6);
        for (int i = 0; i < s.Facts; i++) numbers.Add(s.Memory[1, i] >> 6);
        int next = BeginsAtFirstMissing ? 0 : numbers.DefaultIfEmpty(-1).Max() + 1;
        while (true)
        {
            while (numbers.Contains(next)) next++;
            if (Fits(s, 0, s.NextData, next)) s = s with { NextData = (byte)(s.NextData + 1) };
            else if (Fits(s, 1, s.NextFacts, next)) s = s with { NextFacts = (byte)(s.NextFacts + 1) };
            else if (!OneNumbering && Fits(s, 0, s.NextData, next + 1))
                s = s with { NextData = (byte)(s.NextData + 1) };
            else break;
            next++;
        }

        bool hasNone = s.NextData == s.Data && s.NextFacts == s.Facts;
        return s with { Next = (byte)Math.Min(next, Most), Disk = s.Memory, At = (byte)(hasNone ? End : Commit) };
    }

    private bool Fits(Tail s, int chain, int place, int number)
    {
        byte record = s.Memory[chain, place];
        bool isNext = record != 0 && record >> 6 == number;
        return isNext && (Link == Link.None || (record & 15) == Before(s, s.Memory, chain, place, number) >> 4);
    }

    // Every subset of the pages that differ, the two committed words among them.
    private static IEnumerable<Tail> Survivors(Tail s)
    {
        var images = new List<Tail> { s with { Memory = s.Disk, Data = s.DiskData, Facts = s.DiskFacts } };
        for (int chain = 0; chain < 2; chain++)
        {
            for (int place = 0; place < Most; place++)
            {
                byte record = s.Memory[chain, place];
                if (record == s.Disk[chain, place]) continue;
                images.AddRange(images.Select(t => t with { Memory = t.Memory.With(chain, place, record) }).ToList());
            }
        }

        if (s.Data != s.DiskData) images.AddRange(images.Select(t => t with { Data = s.Data }).ToList());
        if (s.Facts != s.DiskFacts) images.AddRange(images.Select(t => t with { Facts = s.Facts }).ToList());
        return images.Select(t => t with { Disk = t.Memory, DiskData = t.Data, DiskFacts = t.Facts });
    }

    public override string? Fault(Tail s)
    {
        if (s.At is not (End or Append)) return null;
        var owners = new int[Most + 1];
        for (int i = 0; i < s.Data + s.Facts; i++)
        {
            byte record = i < s.Data ? s.Memory[0, i] : s.Memory[1, i - s.Data];
            if (owners[record >> 6] != 0) return "an old tail rises again";
            owners[record >> 6] = (record >> 4) & 3;
        }

        int count = owners.TakeWhile(owner => owner != 0).Count();
        if (count < s.Acked) return "an acknowledged record is lost";
        if (count < s.Data + s.Facts) return "a record is there without the one before it";
        return owners.Take(count).SequenceEqual(owners.Take(count).Order()) ? null : "an old tail rises again";
    }
}
