namespace ArrowCid.Registry;

/// <summary>A block is a message of a channel (<c>Channels/CHANNELS.md</c>).</summary>
internal sealed record MessageFact(Cid Subject, MessageState State) : Fact(FactKind.Message);
