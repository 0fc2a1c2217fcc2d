namespace ArrowCid;

/// <summary>The result of forgetting versions, or of its dry run.</summary>
public sealed record ForgetResult
{
    /// <summary>Every version that is here, group by group, the last one first.</summary>
    public required IReadOnlyList<ForgetVersion> Versions { get; init; }

    /// <summary>The bytes of the blocks that go.</summary>
    public required long ByteLength { get; init; }

    /// <summary>Whether nothing was done.</summary>
    public required bool IsDryRun { get; init; }
}
