using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>The newest beat of a participant of a channel.</summary>
internal sealed record BeatFact(Cid Subject, Digest256 Writer, BeatState State) : Fact(FactKind.Beat);
