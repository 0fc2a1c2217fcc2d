namespace ArrowCid.Server.Access;

/// <summary>How much one client may ask.</summary>
internal sealed record LimitSettings
{
    /// <summary>Calls a second, on the long run; 0 is no limit.</summary>
    public int CallsPerSecond { get; init; }

    /// <summary>Calls at once; 0 is no limit.</summary>
    public int Streams { get; init; } = 4096;
}
