using System.Diagnostics;
#if FAULT_POINTS
using System.Globalization;
using ArrowCid.Memory;
#endif

namespace ArrowCid.Storage;

/// <summary>The places where a crash test can kill this process. FORMAT.md, FACTS.md, INDEXES.md and BACKUP.md
/// describe what each one leaves behind.</summary>
internal enum CrashStep
{
    None,
    P0, P1, P2, P3, P4, P5, P6, P7,
    F4, F6,
    D1, D2, D3, D4,
    S0, S1, S2, S3, S4, S5,
    G1, G2, G3, G4, G5, G6,
    A0, A1, A2, A3, A4,
    C0, C1, C2, C3,
    B1, B2, B3,
    E1, E2, E3, E4, E5,
    K1, K2, K3, K4, K5, K6,
    M1, M2,
    T1,
    W1, W2, W3,
    U1, U2, U3, U4,
    R1, R2, R3, R4,

    // Steps of the repair of a file, and of a block.
    Q1, Q2, Q3,
    H1, H2, H3,
}

/// <summary>
/// Fault points: <c>ARROWCID_CRASH_AT=step:n</c> kills this process, as SIGKILL does, when it passes a step for the
/// n-th time. Random kills almost never hit the few nanoseconds between two steps. Only builds with the constant
/// <c>FAULT_POINTS</c> have them: the configurations Debug and FaultPoints. A release build contains no call and does
/// not read the variable.
/// </summary>
internal static class CrashPoint
{
#if FAULT_POINTS
    private static readonly CrashStep s_step = Parse(out s_countdown);
    private static readonly bool s_armed = s_step != CrashStep.None;
    private static int s_countdown;

    /// <summary>Whether this build has fault points.</summary>
    public static bool IsBuiltIn => true;

    /// <summary>Kills the process if this pass of the step is the requested one.</summary>
    [Conditional("FAULT_POINTS")]
    public static void Pass(CrashStep step)
    {
        if (s_armed) Count(step);
    }

    private static void Count(CrashStep step)
    {
        if (step == s_step && Interlocked.Decrement(ref s_countdown) == 0) ProcessMark.KillSelf();
    }

    private static CrashStep Parse(out int count)
    {
        count = 0;
        string[] parts = (Environment.GetEnvironmentVariable("ARROWCID_CRASH_AT") ?? "").Split(':');
        return parts.Length == 2 && Enum.TryParse(parts[0], out CrashStep step) &&
            int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out count) && count > 0
            ? step
            : CrashStep.None;
    }
#else
    /// <summary>Whether this build has fault points.</summary>
    public static bool IsBuiltIn => false;

    /// <summary>Does nothing; the compiler leaves out every call.</summary>
    [Conditional("FAULT_POINTS")]
    public static void Pass(CrashStep step)
    {
    }
#endif
}
