namespace ArrowCid.Tests.Models;

/// <summary>
/// Two threads of one writer fill places 0 and 1 of its lane side by side; the writer is killed, a second one adopts
/// the lane and writes over what it did not take; a reader holds what it found.
/// </summary>
public class LogOrderModelTests
{
    private const string Overwritten = "a block that others read is overwritten";

    [Fact]
    public void Publishing_in_log_order_lets_an_adopter_overwrite_nothing_that_is_read() =>
        new LogOrderModel().Explore().Holds(150, "killed", "R: holds B's block", "W2: takes place 1 over",
            "W2: writes over place 1", "A: PAD");

    [Fact]
    public void A_group_with_all_its_headers_first_and_one_committed_word_for_all_is_as_good() =>
        new LogOrderModel { Order = LogOrder.Group }.Explore()
            .Holds(150, "killed", "A: its entry fails", "B: P6", "R: holds B's block", "W2: writes over place 1");

    [Fact]
    public void Out_of_order_publishing_lets_an_adopter_overwrite_a_block_that_others_read() =>
        new LogOrderModel { Order = LogOrder.None }.Explore()
            .Breaks(Overwritten, "B: P4", "B: P5", "W2: writes over place 0",
                "R: holds B's block", "W2: writes over place 1");

    // The rule's second half is the one that counts: P4 may run in any order.
    [Fact]
    public void Every_earlier_header_before_an_entry_is_enough() =>
        new LogOrderModel { Order = LogOrder.HeadersBeforeEntry }.Explore()
            .Holds(230, "killed", "R: holds B's block", "W2: writes over place 1");

    [Fact]
    public void A_failed_reservation_that_leaves_a_hole_loses_the_block_behind_it() =>
        new LogOrderModel { FailedBecomesPad = false }.Explore()
            .Breaks(Overwritten, "A: fails", "B: P5", "R: holds B's block", "W2: writes over place 1");

    [Fact]
    public void An_adopter_that_overwrites_before_it_takes_records_over_loses_what_was_published() =>
        new LogOrderModel { TakesOverFirst = false }.Explore()
            .Breaks(Overwritten, "A: P5", "killed", "W2: writes over place 0");
}

internal enum LogOrder
{
    None,
    HeadersBeforeEntry,
    Group,
    Log,
}

/// <summary>Of a place: what its payload and its header are; 1 and 2 are A's and B's, 3 PAD, 4 the adopter's.</summary>
internal readonly record struct LogPlaces(
    byte Payload0, byte Payload1, byte Header0, byte Header1, byte Committed, byte Indexed, bool IsDead,
    byte AtA, byte AtB, byte Adopter, byte Position, byte Holds);

internal sealed class LogOrderModel : Model<LogPlaces>
{
    private const byte Pad = 3;
    private const byte New = 4;
    private const byte Failed = 5;
    private const byte Done = 9;

    public LogOrder Order { get; init; } = LogOrder.Log;

    public bool FailedBecomesPad { get; init; } = true;

    public bool TakesOverFirst { get; init; } = true;

    public override LogPlaces Start => default;

    public override IEnumerable<(string Step, LogPlaces Next)> Steps(LogPlaces s) =>
        [
            .. Thread(s, "A", 0, s.AtA, (t, at) => t with { AtA = at }),
            .. Thread(s, "B", 1, s.AtB, (t, at) => t with { AtB = at }),
            .. Adopter(s),
            .. Reader(s),
        ];

    private IEnumerable<(string Step, LogPlaces Next)> Thread(
        LogPlaces s, string name, int place, byte at, Func<LogPlaces, byte, LogPlaces> with)
    {
        if (s.IsDead) yield break;
        byte own = (byte)(place + 1);
        bool isBehindAll = place == 0 || s.AtA == Done;
        bool hasHeadersBefore = place == 0 || s.Header0 != 0 || (s.AtA == Done && !FailedBecomesPad);
        bool isBehindEntry = place == 0 || s.AtA is 3 or Done;
        bool mayWriteHeader = Order switch
        {
            LogOrder.Log => isBehindAll,
            LogOrder.Group => hasHeadersBefore,
            _ => true,
        };
        bool mayIndex = Order == LogOrder.None || (Order == LogOrder.Group ? isBehindEntry : hasHeadersBefore);
        if (at == 0) yield return ($"{name}: fills", with(Payload(s, place, own), 1));
        if (at == 0 && place == 0) yield return ($"{name}: fails", with(s, FailedBecomesPad ? Failed : Done));
        if (at == Failed && mayWriteHeader) yield return ($"{name}: PAD", with(Header(s, place, Pad), 3));
        if (at == 1 && mayWriteHeader) yield return ($"{name}: P4", with(Header(s, place, own), 2));
        if (at == 2 && mayIndex)
            yield return ($"{name}: P5", with(s with { Indexed = (byte)(s.Indexed | own) }, 3));
        if (at == 2 && place == 0 && Order == LogOrder.Group)
            yield return ("A: its entry fails", with(Header(s, place, Pad), 3));
        // Committed never passes a record that is not whole, whatever the order of the rest.
        bool mayCommit = Order == LogOrder.Group ? isBehindEntry : isBehindAll;
        byte committed = Math.Max(s.Committed, (byte)(place + 1));
        if (at == 3 && mayCommit) yield return ($"{name}: P6", with(s with { Committed = committed }, Done));
        if (place == 0) yield return ("killed", s with { IsDead = true });
    }

    private IEnumerable<(string Step, LogPlaces Next)> Adopter(LogPlaces s)
    {
        if (!s.IsDead) yield break;
        byte header = s.Committed == 0 ? s.Header0 : s.Header1;
        bool isRight = TakesOverFirst && s.Committed < 2 && header != 0;
        if (s.Adopter == 0 && isRight)
        {
            byte indexed = header == Pad ? s.Indexed : (byte)(s.Indexed | header);
            yield return ($"W2: takes place {s.Committed} over",
                s with { Indexed = indexed, Committed = (byte)(s.Committed + 1) });
        }

        if (s.Adopter == 0 && !isRight) yield return ("W2: appends", s with { Adopter = 1, Position = s.Committed });
        if (s.Adopter == 1 && s.Position < 2)
            yield return ($"W2: writes over place {s.Position}",
                Payload(s, s.Position, New) with { Position = (byte)(s.Position + 1) });
    }

    private static IEnumerable<(string Step, LogPlaces Next)> Reader(LogPlaces s)
    {
        if (s.Holds == 0 && (s.Indexed & 1) != 0 && s is { Header0: 1, Payload0: 1 })
            yield return ("R: holds A's block", s with { Holds = 1 });
        if (s.Holds == 0 && (s.Indexed & 2) != 0 && s is { Header1: 2, Payload1: 2 })
            yield return ("R: holds B's block", s with { Holds = 2 });
    }

    private static LogPlaces Payload(LogPlaces s, int place, byte value) =>
        place == 0 ? s with { Payload0 = value } : s with { Payload1 = value };

    private static LogPlaces Header(LogPlaces s, int place, byte value) =>
        place == 0 ? s with { Header0 = value } : s with { Header1 = value };

    public override string? Fault(LogPlaces s) => s switch
    {
        { Holds: 1, Payload0: not 1 } or { Holds: 2, Payload1: not 2 } => "a block that others read is overwritten",
        _ => null,
    };
}
