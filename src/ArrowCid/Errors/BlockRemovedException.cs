namespace ArrowCid;

/// <summary>A block was removed from the store and not put again: <see cref="ErrorCode.BlockNotFound"/>, which HTTP
/// answers with 410 instead of 404.</summary>
/// <param name="cid">The block.</param>
/// <param name="removed">When it was removed; null where the log of removals no longer has it.</param>
internal sealed class BlockRemovedException(Cid cid, DateTimeOffset? removed) : ArrowCidException(
    ErrorCode.BlockNotFound, $"block {cid} was removed{At(removed)}; put it again, or restore it from a backup")
{
    private static string At(DateTimeOffset? removed) =>
        removed is { } time ? $" at {time.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}" : "";
}
