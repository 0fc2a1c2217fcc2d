namespace ArrowCid.Tests.Models;

/// <summary>
/// The kernel's locks belong to an open description: one description never conflicts with itself, and its locks go
/// with F_UNLCK or with the last descriptor or mapping of it.
/// </summary>
public class LockModelTests
{
    private const string TwoOwners = "two own the lane";

    [Fact]
    public void A_description_for_the_locks_alone_neither_keeps_nor_frees_a_lane() =>
        new MappingLockModel().Explore().Holds(6, "H: maps anew", "H: closes, a batch keeps its mapping", "W2: locks");

    [Fact]
    public void Closing_a_mapping_of_the_wrong_description_frees_the_lane() =>
        new MappingLockModel { LocksHaveTheirOwn = false }.Explore()
            .Breaks(TwoOwners, "H: locks", "H: maps anew", "W2: locks");

    [Fact]
    public void A_mapping_of_the_wrong_description_keeps_the_lane_locked() =>
        new MappingLockModel { LocksHaveTheirOwn = false, MapsAnew = false }.Explore()
            .Breaks("the lane is locked for ever", "H: locks", "H: closes, a batch keeps its mapping");

    [Fact]
    public void A_local_mutex_a_byte_keeps_the_threads_of_a_handle_apart() =>
        new LocalMutexModel().Explore().Holds(44, "T1: locks", "T2: locks", "W2: locks", "T2: unlocks");

    [Fact]
    public void One_description_never_conflicts_with_itself_without_a_local_mutex() =>
        new LocalMutexModel { HasMutex = false }.Explore()
            .Breaks("two hold one byte", "T1: locks", "T2: locks");

    [Fact]
    public void One_thread_frees_the_byte_of_the_other_without_a_local_mutex() =>
        new LocalMutexModel { HasMutex = false, ThreadsMayShare = true }.Explore()
            .Breaks("two hold one byte", "T1: locks", "T2: locks", "T1: unlocks", "W2: locks");

    [Fact]
    public void A_forked_child_that_checks_the_pid_leaves_its_parents_lane_alone() =>
        new ForkModel().Explore().Holds(11, "child: exit hook", "parent: closes", "W2: locks");

    [Fact]
    public void A_forked_child_frees_its_parents_lane_without_the_check_of_the_pid() =>
        new ForkModel { ChecksPid = false }.Explore()
            .Breaks(TwoOwners, "parent: locks", "parent: forks", "child: exit hook", "W2: locks");

    [Fact]
    public void A_forked_child_keeps_the_lane_of_a_parent_that_only_closes() =>
        new ForkModel { ClosesWithUnlock = false }.Explore()
            .Breaks("the lane is locked for ever", "parent: locks", "parent: forks", "parent: closes");
}

/// <summary>Lock: 0 free, 1 with the description of the locks, 2 with that of the mapping, 3 with W2's.</summary>
internal readonly record struct MappingLock(byte Lock, byte Handle, bool IsOwner2);

internal sealed class MappingLockModel : Model<MappingLock>
{
    public bool LocksHaveTheirOwn { get; init; } = true;

    /// <summary>The handle closes a mapping of the control file and makes another.</summary>
    public bool MapsAnew { get; init; } = true;

    public override MappingLock Start => default;

    public override IEnumerable<(string Step, MappingLock Next)> Steps(MappingLock s)
    {
        if (s is { Handle: 0, Lock: 0 })
            yield return ("H: locks", s with { Handle = 1, Lock = LocksHaveTheirOwn ? (byte)1 : (byte)2 });
        if (s.Handle == 1 && MapsAnew)
            yield return ("H: maps anew", s with { Handle = 2, Lock = s.Lock == 2 ? (byte)0 : s.Lock });
        // The descriptors go; the description of the mapping stays for as long as the batch is held.
        if (s.Handle is 1 or 2)
            yield return ("H: closes, a batch keeps its mapping",
                s with { Handle = 3, Lock = s.Lock == 1 ? (byte)0 : s.Lock });
        if (s is { Lock: 0, IsOwner2: false }) yield return ("W2: locks", s with { Lock = 3, IsOwner2 = true });
        if (s.IsOwner2) yield return ("W2: unlocks", s with { Lock = 0, IsOwner2 = false });
    }

    public override string? Fault(MappingLock s) => s is { Handle: 1 or 2, IsOwner2: true } ? "two own the lane" : null;

    public override bool IsGoal(MappingLock s) => s.IsOwner2;

    public override string OutOfReach => "the lane is locked for ever";
}

/// <summary>Lock: 0 free, 1 with the handle's description, 2 with W2's.</summary>
internal readonly record struct LocalMutex(byte Lock, byte Mutex, byte At1, byte At2, byte AtW);

internal sealed class LocalMutexModel : Model<LocalMutex>
{
    public bool HasMutex { get; init; } = true;

    /// <summary>As if two threads within one handle did no harm.</summary>
    public bool ThreadsMayShare { get; init; }

    public override LocalMutex Start => default;

    public override IEnumerable<(string Step, LocalMutex Next)> Steps(LocalMutex s) =>
        [
            .. Thread(s, "T1", 1, s.At1, (t, at) => t with { At1 = at }),
            .. Thread(s, "T2", 2, s.At2, (t, at) => t with { At2 = at }),
            .. OtherHandle(s),
        ];

    private IEnumerable<(string Step, LocalMutex Next)> Thread(
        LocalMutex s, string name, byte number, byte at, Func<LocalMutex, byte, LocalMutex> with)
    {
        if (at == 0 && (s.Mutex == 0 || !HasMutex))
            yield return ($"{name}: takes the mutex", with(s with { Mutex = HasMutex ? number : (byte)0 }, 1));
        if (at == 1 && s.Lock != 2) yield return ($"{name}: locks", with(s with { Lock = 1 }, 2));
        if (at == 2) yield return ($"{name}: unlocks", with(s with { Lock = 0 }, 3));
        if (at == 3) yield return ($"{name}: gives the mutex back", with(s with { Mutex = 0 }, 9));
    }

    private static IEnumerable<(string Step, LocalMutex Next)> OtherHandle(LocalMutex s)
    {
        if (s is { AtW: 0, Lock: 0 }) yield return ("W2: locks", s with { AtW = 2, Lock = 2 });
        if (s.AtW == 2) yield return ("W2: unlocks", s with { AtW = 9, Lock = 0 });
    }

    public override string? Fault(LocalMutex s)
    {
        int threads = (s.At1 == 2 ? 1 : 0) + (s.At2 == 2 ? 1 : 0);
        bool isShared = threads > 1 && !ThreadsMayShare;
        return isShared || (threads > 0 && s.AtW == 2) ? "two hold one byte" : null;
    }

    public override string? FaultAtRest(LocalMutex s) =>
        s is { At1: 9, At2: 9, AtW: 9 } ? null : "somebody waits for ever";
}

internal readonly record struct Fork(byte Lock, byte Parent, byte Child, bool IsOwner2);

internal sealed class ForkModel : Model<Fork>
{
    public bool ChecksPid { get; init; } = true;

    public bool ClosesWithUnlock { get; init; } = true;

    public override Fork Start => default;

    public override IEnumerable<(string Step, Fork Next)> Steps(Fork s)
    {
        if (s is { Parent: 0, Lock: 0 }) yield return ("parent: locks", s with { Parent = 1, Lock = 1 });
        if (s is { Parent: 1, Child: 0 }) yield return ("parent: forks", s with { Child = 1 });
        // The finalizer or exit hook of a child that lives on, and with it the description.
        if (s.Child == 1)
        {
            bool isFreed = s.Lock == 1 && !ChecksPid;
            yield return ("child: exit hook", s with { Child = 2, Lock = isFreed ? (byte)0 : s.Lock });
        }

        if (s.Parent == 1)
        {
            bool isFreed = s.Lock == 1 && (ClosesWithUnlock || s.Child == 0);
            yield return ("parent: closes", s with { Parent = 2, Lock = isFreed ? (byte)0 : s.Lock });
        }

        if (s is { Lock: 0, IsOwner2: false }) yield return ("W2: locks", s with { Lock = 2, IsOwner2 = true });
        if (s.IsOwner2) yield return ("W2: unlocks", s with { Lock = 0, IsOwner2 = false });
    }

    public override string? Fault(Fork s) => s is { Parent: 1, IsOwner2: true } ? "two own the lane" : null;

    public override bool IsGoal(Fork s) => s.IsOwner2;

    public override string OutOfReach => "the lane is locked for ever";
}
