using ArrowCid.Channels;

namespace ArrowCid;

/// <summary>Something that happened in a channel.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Message">The message that it is about.</param>
/// <param name="Participant">Of an acknowledgment the participant that has the message, else the writer; empty where it
/// is unknown.</param>
public sealed record ChannelEvent(ChannelEventKind Kind, Cid Message, string Participant);
