using System.Globalization;
using ArrowCid.Storage;

namespace ArrowCid.Torture;

/// <summary>A step to die at, and what has to have been for anybody to come to it.</summary>
/// <param name="At">Step and pass, as <c>ARROWCID_CRASH_AT</c> has them.</param>
/// <param name="Before">Where another worker dies first, or null.</param>
internal sealed record TortureStep(string At, string? Before)
{
    public string Name => At.Split(':')[0];

    /// <summary>How often it was tried.</summary>
    public int Tries { get; set; }

    /// <summary>Only who is alone with a store that is of another boot, or a copy, comes to it.</summary>
    public bool IsAlone => At[0] == 'B';

    /// <param name="store">The kind of store.</param>
    /// <param name="isFirst">Nobody was in it before.</param>
    /// <param name="isAlone">Nobody else is in it now.</param>
    public bool Fits(TortureRole store, bool isFirst, bool isAlone) => At[0] switch
    {
        'B' => isAlone && !isFirst && store == TortureRole.Mixed,
        // Whoever comes first makes the store.
        'C' => isFirst,
        'E' or 'H' => store != TortureRole.Disk,
        // A ring has no index of its facts on disk.
        'K' => store != TortureRole.Ring,
        'M' or 'W' or 'T' => store == TortureRole.Mixed,
        'U' or 'R' => store != TortureRole.Ring,
        'Y' or 'X' or 'V' or TortureSteps.OfBuckets => store == TortureRole.Mixed,
        'D' => store == TortureRole.Disk,
        // An index that has grown twice is large enough for long.
        'G' => isFirst && store != TortureRole.Ring,
        _ => true,
    };
}

/// <summary>Every injected step, in turn.</summary>
internal static class TortureSteps
{
    /// <summary>The letter of the steps that only a worker with a bucket comes to.</summary>
    public const char OfBuckets = 'O';

    private static readonly int[] s_passes = [1, 2, 7];

    /// <summary>All but those of the repair of files: only blocks are damaged here.</summary>
    public static IReadOnlyList<CrashStep> All { get; } =
        [.. Enum.GetValues<CrashStep>().Where(step => step is not (CrashStep.None or CrashStep.Q1 or CrashStep.Q2
            or CrashStep.Q3 or CrashStep.N1 or CrashStep.N2 or CrashStep.N3
            or CrashStep.Z1 or CrashStep.Z2 or CrashStep.Z3 or CrashStep.Z4
            or CrashStep.L1 or CrashStep.L2 or CrashStep.L3 or CrashStep.L4 or CrashStep.L5))];

    public static IReadOnlyList<TortureStep> Turns { get; } = [.. Make()];

    public static TortureRole RoleOfStore(int store) => (store % 4) switch
    {
        1 => TortureRole.Ring,
        3 => TortureRole.Disk,
        _ => TortureRole.Mixed,
    };

    /// <summary>What a worker does in a store, so that it comes to its step.</summary>
    public static TortureLoad LoadOf(TortureRole store, string? at, Random random) => at?[0] switch
    {
        'G' => TortureLoad.Small,
        'S' => TortureLoad.Large,
        'E' => store == TortureRole.Ring || random.Next(2) == 0 ? TortureLoad.Large : TortureLoad.Clearing,
        'K' => TortureLoad.Index,
        'M' => TortureLoad.Facts,
        'W' or 'T' => TortureLoad.Clearing,
        'U' or 'R' => TortureLoad.Copies,
        'Y' or 'X' or 'V' => TortureLoad.Places,
        OfBuckets => TortureLoad.Bucket,
        'H' => TortureLoad.Healing,
        null when store == TortureRole.Ring => TortureLoad.Large,
        null => random.Next(9) switch
        {
            < 2 => TortureLoad.Small,
            2 when store == TortureRole.Mixed => TortureLoad.Facts,
            3 when store == TortureRole.Mixed => TortureLoad.Clearing,
            4 => TortureLoad.Copies,
            5 when store == TortureRole.Mixed => TortureLoad.Healing,
            6 when store == TortureRole.Mixed => TortureLoad.Places,
            _ => TortureLoad.Mixed,
        },
        _ => TortureLoad.Mixed,
    };

    private static IEnumerable<TortureStep> Make()
    {
        foreach (int pass in s_passes)
        {
            foreach (CrashStep step in All)
            {
                // These are passed once by a process.
                bool isOnce = step.ToString()[0] is 'A' or 'B' or 'C';
                if (isOnce && pass != 1) continue;
                yield return new TortureStep(string.Create(CultureInfo.InvariantCulture, $"{step}:{pass}"),
                    step == CrashStep.A2 ? "P5:20" : null);
            }
        }
    }
}
