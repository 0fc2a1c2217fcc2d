namespace ArrowCid.Tests.Models;

/// <summary>Two writers, each killed at any step, make a segment where there is room for one.</summary>
public class CapacityModelTests
{
    [Fact]
    public void Two_makers_never_exceed_the_capacity_and_a_dead_one_gives_its_slot_back() =>
        new CapacityModel().Explore().Holds(32, "A: over, gives it back", "B: OPEN", "A: killed",
            "J: frees A's slot");

    [Fact]
    public void A_sum_before_the_slot_is_taken_exceeds_the_capacity() =>
        new CapacityModel { SlotFirst = false }.Explore()
            .Breaks("more than the capacity is made", "A: sums", "B: sums", "A: OPEN", "B: OPEN");

    [Fact]
    public void A_slot_whose_maker_died_is_lost_unless_the_lanes_next_owner_frees_it() =>
        new CapacityModel { AdopterFrees = false }.Explore()
            .Breaks("the store stays full for ever", "A: CREATING", "A: killed", "B: CREATING", "B: killed");
}

/// <summary>Slot: 0 free, 1 CREATING, 2 OPEN.</summary>
internal readonly record struct Capacity(byte SlotA, byte AtA, byte SlotB, byte AtB);

internal sealed class CapacityModel : Model<Capacity>
{
    private const byte Dead = 20;

    public bool SlotFirst { get; init; } = true;

    public bool AdopterFrees { get; init; } = true;

    public override Capacity Start => default;

    public override IEnumerable<(string Step, Capacity Next)> Steps(Capacity s) =>
        [
            .. Maker(s, "A", s.SlotA, s.AtA, s.SlotB, (t, slot, at) => t with { SlotA = slot, AtA = at }),
            .. Maker(s, "B", s.SlotB, s.AtB, s.SlotA, (t, slot, at) => t with { SlotB = slot, AtB = at }),
        ];

    private IEnumerable<(string Step, Capacity Next)> Maker(
        Capacity s, string name, byte slot, byte at, byte other, Func<Capacity, byte, byte, Capacity> with)
    {
        byte sum = SlotFirst ? (byte)1 : (byte)0;
        byte take = SlotFirst ? (byte)0 : (byte)1;
        if (at == take) yield return ($"{name}: CREATING", with(s, 1, (byte)(take + 1)));
        if (at == sum && other == 0) yield return ($"{name}: sums", with(s, slot, (byte)(sum + 1)));
        if (at == sum && other != 0) yield return ($"{name}: over, gives it back", with(s, 0, 0));
        if (at == 2) yield return ($"{name}: OPEN", with(s, 2, 3));
        if (at == 3) yield return ($"{name}: sealed and reclaimed", with(s, 0, 9));
        if (at is > 0 and < 3) yield return ($"{name}: killed", with(s, slot, Dead));
        if (at == Dead && AdopterFrees) yield return ($"J: frees {name}'s slot", with(s, 0, 0));
    }

    public override string? Fault(Capacity s) =>
        s is { SlotA: 2, SlotB: 2 } ? "more than the capacity is made" : null;

    public override bool IsGoal(Capacity s) => s.SlotA == 2 || s.SlotB == 2 || s is { AtA: 9, AtB: 9 };

    public override string OutOfReach => "the store stays full for ever";
}
