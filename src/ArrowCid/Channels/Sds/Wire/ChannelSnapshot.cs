namespace ArrowCid.Channels.Sds;

/// <summary>The whole state of a channel as it is stored: <c>ChannelData</c> of nim-sds (<c>SDS.md</c>, section
/// 5).</summary>
internal sealed record ChannelSnapshot
{
    public long Clock { get; init; }

    public IReadOnlyList<UnacknowledgedMessage> Unacknowledged { get; init; } = [];

    public IReadOnlyList<WaitingMessage> Waiting { get; init; } = [];

    public IReadOnlyList<RepairRequest> Requests { get; init; } = [];

    public IReadOnlyList<RepairAnswer> Answers { get; init; } = [];

    public IReadOnlyList<SdsMessage> History { get; init; } = [];

    /// <summary>The ids that are known beside the history, 16 bytes each; nim-sds has no such field.</summary>
    public ReadOnlyMemory<byte> Known { get; init; }
}
