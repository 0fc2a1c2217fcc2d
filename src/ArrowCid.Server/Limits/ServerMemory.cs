using ArrowCid.Flight.Limits;

namespace ArrowCid.Server.Limits;

/// <summary>
/// The memory that the requests of a server may take: one budget for all, and smaller parts of it for what a request
/// can make large with few bytes.
/// </summary>
internal sealed class ServerMemory
{
    // Calls other than puts, and messages that gRPC compressed.
    private const long MostOfRequests = 64L << 20, MostInflated = 64L << 20;

    // Large pieces of answers on their way to readers.
    private const long MostSent = 32L << 20;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly MemoryBudget _all, _requests, _inflated, _sent = new(MostSent);

    /// <param name="capacity">The bytes of all requests; 0 for the default.</param>
    public ServerMemory(long capacity = 0)
    {
        _all = new MemoryBudget(capacity > 0 ? capacity : MemoryBudget.DefaultCapacity);
        _requests = new MemoryBudget(Math.Min(MostOfRequests, _all.Capacity), _all);
        _inflated = new MemoryBudget(Math.Min(MostInflated, _all.Capacity), _all);
    }

    /// <summary>The bytes that are taken now.</summary>
    public long Used => _all.Used;

    /// <summary>Opens the account of one call.</summary>
    /// <param name="isUpload">Whether it is a put, which may have most of the memory and waits for it.</param>
    public MemoryAccount Open(bool isUpload) => isUpload
        ? new MemoryAccount(_all, _inflated, s_patience) { Pieces = _sent }
        : new MemoryAccount(_requests, _inflated, TimeSpan.Zero) { Pieces = _sent };
}
