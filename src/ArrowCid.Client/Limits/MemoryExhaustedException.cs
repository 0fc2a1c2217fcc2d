namespace ArrowCid.Flight.Limits;

/// <summary>The memory that a call needs is not free.</summary>
internal sealed class MemoryExhaustedException(string message) : Exception(message);
