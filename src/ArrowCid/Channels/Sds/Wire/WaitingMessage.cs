namespace ArrowCid.Channels.Sds;

/// <summary>A received message that waits for dependencies.</summary>
/// <param name="message">The message, without its filter.</param>
/// <param name="missing">The ids of what it waits for.</param>
internal sealed class WaitingMessage(SdsMessage message, IEnumerable<string> missing)
{
    private const int Overhead = 128;

    public SdsMessage Message { get; } = message;

    public HashSet<string> Missing { get; } = [.. missing];

    /// <summary>About how many bytes of memory it takes.</summary>
    public long Size { get; } = message.Content.Length
        + ((message.CausalHistory.Count + message.RepairRequests.Count + 1L) * Overhead)
        + message.CausalHistory.Sum(entry => (2L * entry.MessageId.Length) + (entry.RetrievalHint?.Length ?? 0));
}
