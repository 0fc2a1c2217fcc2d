using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ArrowCid.Channels.Sds;

/// <summary>
/// When a participant asks for a missing message, and when and whether it answers: SDS-R, with the hash of the dialect
/// (<c>SDS.md</c>, section 4). Times are in milliseconds.
/// </summary>
internal static class RepairSchedule
{
    /// <summary>The longest time between two requests of a message.</summary>
    public const long MaxRequestDelay = 3_600_000;

    /// <summary>How long a participant waits until it asks for a message: from <paramref name="min"/> on, below
    /// <paramref name="max"/>. Each further round doubles it, up to <see cref="MaxRequestDelay"/>.</summary>
    public static long RequestDelay(SdsDialect dialect, string participant, string message, long min, long max,
        int round = 0)
    {
        const int mostDoublings = 20;
        long delay = max <= min ? min : (long)(Hash(dialect, participant + message) % (ulong)(max - min)) + min;
        return round == 0 ? delay : Math.Min(delay << Math.Min(round, mostDoublings), Math.Max(MaxRequestDelay, delay));
    }

    /// <summary>How long a participant waits until it answers: 0 for the sender, below <paramref name="max"/> for
    /// others.</summary>
    public static long AnswerDelay(SdsDialect dialect, string participant, string sender, string message, long max)
    {
        if (max <= 0) return 0;
        ulong distance = dialect == SdsDialect.Nim
            ? Absolute(Signed(participant) ^ Signed(sender)) : Sha(participant) ^ Sha(sender);
        ulong product = distance % (ulong)max * (Hash(dialect, message) % (ulong)max);
        return (long)(product % (ulong)max);
    }

    /// <summary>Whether a participant is in the group that answers requests for a message.</summary>
    public static bool Answers(SdsDialect dialect, string participant, string sender, string message, int groups) =>
        groups <= 1
        || Hash(dialect, participant + message) % (ulong)groups == Hash(dialect, sender + message) % (ulong)groups;

    private static ulong Hash(SdsDialect dialect, string text) =>
        dialect == SdsDialect.Nim ? Absolute(Signed(text)) : Sha(text);

    private static long Signed(string text) => (long)FarmHash.Hash(Encoding.UTF8.GetBytes(text));

    private static ulong Absolute(long value) => value < 0 ? 0 - (ulong)value : (ulong)value;

    private static ulong Sha(string text) =>
        BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
