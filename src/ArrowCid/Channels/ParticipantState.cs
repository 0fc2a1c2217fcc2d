using ArrowCid.Memory;

namespace ArrowCid.Channels;

/// <summary>What is known of a participant.</summary>
internal sealed class ParticipantState(Digest256 writer)
{
    public Digest256 Writer { get; } = writer;

    /// <summary>The time of its last message, and its run and number.</summary>
    public ulong At { get; set; }

    public ulong Sequence { get; set; }

    public long Messages { get; set; }

    /// <summary>What it has, by its newest message or beat.</summary>
    public Digest256[] Heads { get; set; } = [];

    public ulong HeardAt { get; set; }
}
