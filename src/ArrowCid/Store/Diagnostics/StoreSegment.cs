namespace ArrowCid;

/// <summary>A segment of a store: one file of records.</summary>
public sealed record StoreSegment
{
    /// <summary>The file's name in the store's directory.</summary>
    public required string Name { get; init; }

    /// <summary>What it holds.</summary>
    public required StoreSegmentKind Kind { get; init; }

    /// <summary>The stage of its life.</summary>
    public required StoreSegmentState State { get; init; }

    /// <summary>The lane whose log it is part of.</summary>
    public required int Lane { get; init; }

    /// <summary>The file's bytes.</summary>
    public required long ByteLength { get; init; }

    /// <summary>The bytes of records in it.</summary>
    public required long BytesUsed { get; init; }

    /// <summary>When it was made; null while it is being made.</summary>
    public required DateTimeOffset? Created { get; init; }

    /// <summary>The processes that hold a lease on it, as far as they can be seen from here: one's own user's (root:
    /// all) in this process namespace.</summary>
    public required IReadOnlyList<int> HeldBy { get; init; }

    /// <summary>True if a process that cannot be seen from here holds it.</summary>
    public required bool HasUnnamedHolder { get; init; }
}
