namespace ArrowCid.Flight.Service;

/// <summary>The memory of a message's body.</summary>
/// <param name="Bytes">The memory, perhaps more than the body.</param>
/// <param name="Counted">The bytes that count in the call's memory.</param>
/// <param name="IsInflated">Whether they count as those of a compressed message.</param>
internal sealed record MessageBody(byte[] Bytes, long Counted, bool IsInflated)
{
    public static MessageBody None { get; } = new([], 0, false);
}
