namespace ArrowCid.Flight.Limits;

/// <summary>Memory that a call keeps for its next message and can do without.</summary>
internal interface IReclaimable
{
    /// <summary>Frees the memory and releases its bytes. Called on any thread, without locks held.</summary>
    void Reclaim();
}
