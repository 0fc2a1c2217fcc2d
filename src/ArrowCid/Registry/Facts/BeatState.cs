namespace ArrowCid.Registry;

/// <summary>The heads that a participant of a channel had, and when.</summary>
internal sealed record BeatState(Cid[] Heads, ulong At);
