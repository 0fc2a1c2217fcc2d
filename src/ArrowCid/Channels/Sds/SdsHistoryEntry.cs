namespace ArrowCid.Channels.Sds;

/// <summary>A reference to a message: in a causal history, in a repair request, or of a missing dependency.</summary>
/// <param name="MessageId">The id of the message: 1 to 256 bytes of UTF-8.</param>
public sealed record SdsHistoryEntry(string MessageId)
{
    /// <summary>Where the message can be read, in a form that the application chose: at most 1,024 bytes;
    /// <see langword="null"/> where none was given.</summary>
    public ReadOnlyMemory<byte>? RetrievalHint { get; init; }

    /// <summary>The participant that sent it; <see langword="null"/> where it is not named.</summary>
    public string? SenderId { get; init; }
}
