namespace ArrowCid.Channels.Sds;

/// <summary>A message of an SDS channel, with the metadata that it travels with.</summary>
/// <param name="Id">Its id, which its sender chose: 1 to 256 bytes of UTF-8.</param>
/// <param name="ChannelId">The channel: 1 to 256 bytes of UTF-8.</param>
public sealed record SdsMessage(string Id, string ChannelId)
{
    /// <summary>The participant that sent it; empty where the message does not name it.</summary>
    public string SenderId { get; init; } = "";

    /// <summary>The Lamport time, in seconds (<see cref="SdsDialect.Nim"/>) or milliseconds
    /// (<see cref="SdsDialect.Rfc"/>) since 1970, or ahead of that; <see langword="null"/> in ephemeral
    /// messages.</summary>
    public long? Timestamp { get; init; }

    /// <summary>The content; empty in sync messages.</summary>
    public ReadOnlyMemory<byte> Content { get; init; }

    /// <summary>Messages that it depends on: those that its sender had delivered last.</summary>
    public IReadOnlyList<SdsHistoryEntry> CausalHistory { get; init; } = [];

    /// <summary>Messages that its sender misses and asks for.</summary>
    public IReadOnlyList<SdsHistoryEntry> RepairRequests { get; init; } = [];

    /// <summary>The Bloom filter of what its sender has, in the form of the dialect; empty where there is
    /// none.</summary>
    public ReadOnlyMemory<byte> Filter { get; init; }

    /// <summary>Whether it is a sync message, which only tells what its sender has.</summary>
    internal bool IsSync => Content.IsEmpty;

    /// <summary>Whether it is delivered at once and kept nowhere.</summary>
    internal bool IsEphemeral => Timestamp is null && !Content.IsEmpty;
}
