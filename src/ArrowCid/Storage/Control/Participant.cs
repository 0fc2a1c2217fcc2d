namespace ArrowCid.Storage;

/// <summary>A handle on a store, as it describes itself in the control file.</summary>
internal sealed record Participant(int Slot, int Process, uint UserId, ulong StartTicks, DateTimeOffset Since,
    int Lane, string Name);
