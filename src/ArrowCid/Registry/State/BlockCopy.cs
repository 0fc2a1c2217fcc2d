namespace ArrowCid.Registry;

/// <summary>A copy of a block at a place, as recorded when it was written there. Whether it is still there is known
/// only once it is read.</summary>
public sealed record BlockCopy
{
    /// <summary>The name of the place.</summary>
    public required string Place { get; init; }

    /// <summary>The form that it is stored in there (<see cref="BlockForm"/>).</summary>
    public required string Form { get; init; }

    /// <summary>The CID of the bytes that are stored there, in a form that has other bytes than the block; else
    /// null.</summary>
    public Cid? StoredAs { get; init; }

    /// <summary>When it was recorded.</summary>
    public required DateTimeOffset Time { get; init; }
}
