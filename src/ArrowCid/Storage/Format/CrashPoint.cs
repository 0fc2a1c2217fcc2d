using System.Diagnostics;
#if FAULT_POINTS
using System.Globalization;
using ArrowCid.Memory;
#endif

namespace ArrowCid.Storage;

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
