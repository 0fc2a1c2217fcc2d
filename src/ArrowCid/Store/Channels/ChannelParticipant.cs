namespace ArrowCid;

/// <summary>A writer or another participant of a channel that was heard.</summary>
/// <param name="Id">Its id: 64 hexadecimal digits.</param>
/// <param name="Messages">The number of its messages that were delivered.</param>
/// <param name="Sequence">The number of its last message in its run.</param>
/// <param name="LastMessage">The time of its last message; null where there is none.</param>
/// <param name="LastHeard">The time of its last message or beat.</param>
/// <param name="IsOwn">Whether it is this one.</param>
public sealed record ChannelParticipant(string Id, long Messages, long Sequence, DateTimeOffset? LastMessage,
    DateTimeOffset LastHeard, bool IsOwn);
