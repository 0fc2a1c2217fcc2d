using ArrowCid.Memory;

namespace ArrowCid.Channels;

/// <summary>A message that is to be written.</summary>
internal sealed record MessageDraft
{
    public required Cid Channel { get; init; }

    public required ulong At { get; init; }

    /// <summary>The heads that the writer knew, in ascending order.</summary>
    public required Digest256[] Parents { get; init; }

    public required Digest256 Writer { get; init; }

    public required UInt128 Run { get; init; }

    public required ulong Sequence { get; init; }

    public required MessageContent Content { get; init; }

    /// <summary>Messages that no participant has, which no longer hold others back.</summary>
    public Digest256[] Lost { get; init; } = [];
}
