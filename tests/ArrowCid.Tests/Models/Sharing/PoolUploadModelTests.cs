namespace ArrowCid.Tests.Models;

/// <summary>
/// A pool (src/ArrowCid.Postgres/POOL.md). A block is live under one key, and nothing refers to it. A member puts it and names it
/// while a collector removes it and its objects; the member's lease may end at any moment.
/// </summary>
public class PoolUploadModelTests
{
    private const string Lost = "a name is acknowledged and no live object holds the block";

    [Fact]
    public void Pool_keeps_a_block_that_is_put_while_its_object_is_deleted() =>
        new PoolUploadModel().Explore().Holds(60, "C: deletes the object", "M: revives the dead object",
            "M: writes the object", "M: goes live", "M: is fenced", "the lease ends", "C: dooms what the dead member left");

    [Fact]
    public void Pool_whose_keys_have_no_generation_loses_the_block_to_a_late_delete() =>
        new PoolUploadModel { HasGenerations = false }.Explore().Breaks(Lost, "C: deletes the object");

    [Fact]
    public void Pool_whose_fenced_member_may_commit_loses_the_block() =>
        new PoolUploadModel { Fences = false }.Explore().Breaks(Lost, "C: deletes the object", "M: goes live",
            "C: deletes the member's object");

    [Fact]
    public void Pool_that_revives_an_object_while_it_is_deleted_loses_the_block() =>
        new PoolUploadModel { MarksDeletion = false }.Explore().Breaks(Lost, "C: deletes the object");

    [Fact]
    public void Pool_that_counts_an_unfinished_object_as_live_loses_the_block() =>
        new PoolUploadModel { CountsOnlyLive = false }.Explore().Breaks(Lost, "C: dooms the dead object",
            "M: claims the unfinished object");
}

/// <summary>The state of an object.</summary>
internal enum PoolObjectState : byte
{
    None,
    Uploading,
    Live,
    Dead,
    Deleting,
}

/// <param name="Old">The state of the first object.</param>
/// <param name="New">The state of the member's own.</param>
/// <param name="HasOld">Whether the first object is stored.</param>
/// <param name="HasNew">Whether the member's own is.</param>
/// <param name="Member">Where the member is.</param>
/// <param name="Tries">How often it began again.</param>
/// <param name="HasLease">Whether its lease runs.</param>
/// <param name="Doomed">The object that the collector is about to delete: 0 none, 1 the first, 2 the member's.</param>
internal readonly record struct PoolUpload(PoolObjectState Old, PoolObjectState New, bool HasOld, bool HasNew, byte Member,
    byte Tries, bool HasLease, byte Doomed);

internal sealed class PoolUploadModel : Model<PoolUpload>
{
    private const byte Found = 1, Declared = 2, Written = 3, Acknowledged = 8, Failed = 9;

    public bool HasGenerations { get; init; } = true;

    public bool Fences { get; init; } = true;

    public bool MarksDeletion { get; init; } = true;

    public bool CountsOnlyLive { get; init; } = true;

    public override PoolUpload Start => new(PoolObjectState.Live, PoolObjectState.None, HasOld: true, HasNew: false, 0, 0,
        HasLease: true, 0);

    public override IEnumerable<(string Step, PoolUpload Next)> Steps(PoolUpload s) => [.. Member(s), .. Collector(s)];

    public override string? Fault(PoolUpload s)
    {
        // Without generations both rows lead to the object of one key.
        bool hasNew = HasGenerations ? s.HasNew : s.HasOld;
        bool isThere = (s.Old == PoolObjectState.Live && s.HasOld) || (s.New == PoolObjectState.Live && hasNew);
        return s.Member == Acknowledged && !isThere ? "a name is acknowledged and no live object holds the block" : null;
    }

    private IEnumerable<(string Step, PoolUpload Next)> Member(PoolUpload s)
    {
        PoolUpload again = s with { Member = s.Tries == 0 ? (byte)0 : Failed, Tries = (byte)(s.Tries + 1) };
        if (s.HasLease && s.Member < Acknowledged) yield return ("the lease ends", s with { HasLease = false });
        bool isFound = s.Old is PoolObjectState.Live or PoolObjectState.Dead ||
            (!CountsOnlyLive && s.New == PoolObjectState.Uploading);
        if (s.Member == 0 && isFound) yield return ("M: finds the block", s with { Member = Found });
        if (s.Member == 0 && !isFound && s.New == PoolObjectState.None)
            yield return ("M: declares an object", s with { Member = Declared, New = PoolObjectState.Uploading });
        // A stall of any length lies between the declaration and the write.
        if (s.Member == Declared)
        {
            yield return ("M: writes the object",
                HasGenerations ? s with { Member = Written, HasNew = true } : s with { Member = Written, HasOld = true });
            if (!CountsOnlyLive) yield return ("M: another member finds the block", s with { Member = Found });
        }

        if (s.Member == Found && Fences && !s.HasLease) yield return ("M: is fenced", s with { Member = Failed });
        else if (s.Member == Found)
        {
            yield return s.Old switch
            {
                PoolObjectState.Live => ("M: claims the live object", s with { Member = Acknowledged }),
                PoolObjectState.Dead => ("M: revives the dead object",
                    s with { Member = Acknowledged, Old = PoolObjectState.Live }),
                _ when !CountsOnlyLive && s.New == PoolObjectState.Uploading =>
                    ("M: claims the unfinished object", s with { Member = Acknowledged }),
                _ => ("M: finds nothing, and begins again", again),
            };
        }

        if (s.Member == Written && Fences && (!s.HasLease || s.New != PoolObjectState.Uploading))
            yield return ("M: is fenced", s with { Member = Failed });
        else if (s.Member == Written)
            yield return ("M: goes live", s with { Member = Acknowledged, New = PoolObjectState.Live });
    }

    private IEnumerable<(string Step, PoolUpload Next)> Collector(PoolUpload s)
    {
        bool isKept = s.Member == Acknowledged;
        if (s.Old == PoolObjectState.Live && !isKept) yield return ("C: kills", s with { Old = PoolObjectState.Dead });
        if (s.Old == PoolObjectState.Dead && s.Doomed == 0)
        {
            yield return ("C: dooms the dead object",
                s with { Old = MarksDeletion ? PoolObjectState.Deleting : PoolObjectState.Dead, Doomed = 1 });
        }

        if (s.New == PoolObjectState.Uploading && !s.HasLease && s.Doomed == 0)
            yield return ("C: dooms what the dead member left", s with { New = PoolObjectState.Deleting, Doomed = 2 });
        if (s.Doomed == 1)
        {
            // The request is on its way for as long as it likes; the row may go first only if it is repeated.
            yield return ("C: deletes the object", s with { HasOld = false, Doomed = 3 });
            // A second delete of the same key, by a collector that was stalled, comes at any later moment.
            yield return ("C: another collector deletes it, and the row goes",
                s with { HasOld = false, Old = Gone(s.Old), Doomed = 4 });
        }

        if (s.Doomed == 3) yield return ("C: deletes the row", s with { Old = Gone(s.Old), Doomed = 0 });
        if (s.Doomed == 4) yield return ("C: deletes the object late", s with { HasOld = false, Doomed = 0 });
        if (s.Doomed == 2)
        {
            yield return ("C: deletes the member's object",
                (HasGenerations ? s with { HasNew = false } : s with { HasOld = false }) with { Doomed = 5 });
        }

        if (s.Doomed == 5) yield return ("C: deletes the member's row", s with { New = Gone(s.New), Doomed = 0 });
    }

    private static PoolObjectState Gone(PoolObjectState state) =>
        state == PoolObjectState.Live ? state : PoolObjectState.None;
}
