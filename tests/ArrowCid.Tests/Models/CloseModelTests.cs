namespace ArrowCid.Tests.Models;

/// <summary>A handle closes while one of its threads puts and another fills a reservation; a second writer waits for
/// the lane, and a janitor for the segment.</summary>
public class CloseModelTests
{
    [Fact]
    public void Closing_while_others_work_gives_nothing_away_that_is_in_use() =>
        new CloseModel().Explore().Holds(48, "T: put refused", "C: seals", "W2: takes the lane", "U: writes late",
            "J: recycles the segment");

    [Fact]
    public void A_close_that_does_not_wait_for_running_puts_gives_their_lane_away() =>
        new CloseModel { WaitsForPuts = false }.Explore()
            .Breaks("a put runs in a lane that another owns", "T: put begins", "C: unlocks", "W2: takes the lane");

    [Fact]
    public void A_close_that_does_not_refuse_new_puts_gives_their_lane_away() =>
        new CloseModel { RefusesPuts = false }.Explore()
            .Breaks("a put runs in a lane that another owns", "C: nothing runs", "T: put begins", "C: unlocks",
                "W2: takes the lane");

    [Fact]
    public void A_close_that_does_not_seal_under_a_reservation_lets_it_write_into_anothers_block() =>
        new CloseModel { Seals = false }.Explore()
            .Breaks("a late write lands in another's block", "C: unlocks", "W2: takes the lane", "W2: appends",
                "U: writes late");

    [Fact]
    public void A_close_that_drops_the_lease_under_a_reservation_lets_it_write_into_a_recycled_segment() =>
        new CloseModel { KeepsLease = false }.Explore()
            .Breaks("a late write lands in another's block", "C: unlocks", "J: recycles the segment", "U: writes late");
}

/// <summary>Place: what the reserved bytes are: 0 the reservation, 1 another's block, 2 a late write in it.</summary>
internal readonly record struct Close(
    byte Put, byte Closer, bool IsClosing, bool IsLocked, bool IsSealed, bool HasLease, bool IsOwner2, byte Place,
    bool IsReservationOut);

internal sealed class CloseModel : Model<Close>
{
    public bool WaitsForPuts { get; init; } = true;

    public bool RefusesPuts { get; init; } = true;

    public bool Seals { get; init; } = true;

    public bool KeepsLease { get; init; } = true;

    public override Close Start => new() { IsLocked = true, HasLease = true, IsReservationOut = true };

    public override IEnumerable<(string Step, Close Next)> Steps(Close s) =>
        [.. Threads(s), .. Closer(s), .. Others(s)];

    private IEnumerable<(string Step, Close Next)> Threads(Close s)
    {
        if (s.Put == 0 && s.IsClosing && RefusesPuts) yield return ("T: put refused", s with { Put = 9 });
        if (s.Put == 0 && !(s.IsClosing && RefusesPuts)) yield return ("T: put begins", s with { Put = 1 });
        if (s.Put is 1 or 2) yield return ("T: put goes on", s with { Put = (byte)(s.Put + 1) });
        if (s.Put == 3) yield return ("T: put ends", s with { Put = 9 });
        if (s.IsReservationOut)
        {
            yield return ("U: writes late", s.Place == 1 ? s with { Place = 2 } : s);
            bool isClosed = s.Closer == 9;
            yield return ("U: gives it back", s with { IsReservationOut = false, HasLease = s.HasLease && !isClosed });
        }
    }

    private IEnumerable<(string Step, Close Next)> Closer(Close s)
    {
        if (s.Closer == 0) yield return ("C: refuses new puts", s with { Closer = 1, IsClosing = true });
        if (s.Closer == 1 && (s.Put is 0 or 9 || !WaitsForPuts))
            yield return ("C: nothing runs", s with { Closer = 2 });
        if (s.Closer == 2) yield return ("C: seals", s with { Closer = 3, IsSealed = Seals && s.IsReservationOut });
        if (s.Closer == 3)
            yield return ("C: unlocks", s with
            {
                Closer = 9,
                IsLocked = false,
                HasLease = s.HasLease && s.IsReservationOut && KeepsLease,
            });
    }

    private static IEnumerable<(string Step, Close Next)> Others(Close s)
    {
        if (!s.IsLocked && !s.IsOwner2) yield return ("W2: takes the lane", s with { IsOwner2 = true });
        if (s is { IsOwner2: true, IsSealed: false, Place: 0 }) yield return ("W2: appends", s with { Place = 1 });
        if (s is { IsSealed: true, HasLease: false, Place: 0 })
            yield return ("J: recycles the segment", s with { Place = 1 });
    }

    public override string? Fault(Close s)
    {
        if (s is { Put: > 0 and < 9, IsOwner2: true }) return "a put runs in a lane that another owns";
        return s.Place == 2 ? "a late write lands in another's block" : null;
    }
}
