using System.Buffers.Binary;
using ArrowCid.Memory;

namespace ArrowCid.Channels;

/// <summary>When a participant asks for a missing message, and when it answers another's question, on a transport that
/// reaches all (<c>CHANNELS.md</c>, Repair). The times follow from ids alone, so that participants differ and a restart
/// does not.</summary>
internal static class RepairTimers
{
    private const ulong MaxDelay = 3_600_000;

    /// <summary>First eight bytes, big-endian, of SHA-256 of a length of 16 bits, a and b.</summary>
    public static ulong Hash(in Digest256 a, in Digest256 b)
    {
        Span<byte> bytes = stackalloc byte[2 + (2 * Digest256.ByteCount)];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, Digest256.ByteCount);
        a.CopyTo(bytes[2..]);
        b.CopyTo(bytes[(2 + Digest256.ByteCount)..]);
        return First(bytes);
    }

    /// <summary>The time after which a participant asks, in ms after it learned of the gap; doubled with each
    /// question.</summary>
    public static ulong AskAfter(in Digest256 me, in Digest256 message, ChannelBlock channel, int asked)
    {
        ulong span = channel.RepairMax - channel.RepairMin;
        ulong delay = channel.RepairMin + (span == 0 ? 0 : Hash(in me, in message) % span);
        return Math.Min(delay << Math.Min(asked, 16), MaxDelay);
    }

    /// <summary>The time after which a participant answers, in ms; 0 for the writer of the message.</summary>
    public static ulong AnswerAfter(in Digest256 me, in Digest256 writer, in Digest256 message, ChannelBlock channel)
    {
        if (me == writer || channel.RepairMax == 0) return 0;
        ulong distance = First(Digest256.Bytes(in me)) ^ First(Digest256.Bytes(in writer));
        return (ulong)((UInt128)distance * First(Digest256.Bytes(in message)) % channel.RepairMax);
    }

    /// <summary>Whether a participant is in the group that answers for a message.</summary>
    public static bool IsInGroup(in Digest256 me, in Digest256 writer, in Digest256 message, ChannelBlock channel) =>
        Hash(in me, in message) % channel.RepairGroups == Hash(in writer, in message) % channel.RepairGroups;

    private static ulong First(ReadOnlySpan<byte> bytes)
    {
        Digest256 hash = Sha256.Hash(bytes);
        return BinaryPrimitives.ReadUInt64BigEndian(Digest256.Bytes(in hash));
    }
}
