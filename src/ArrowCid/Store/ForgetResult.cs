namespace ArrowCid;

/// <summary>The result of forgetting versions, or of its dry run.</summary>
/// <param name="Versions">Every version that is here, group by group, the last one first.</param>
/// <param name="ByteLength">The bytes of the blocks that go.</param>
/// <param name="IsDryRun">Whether nothing was done.</param>
public sealed record ForgetResult(IReadOnlyList<ForgetVersion> Versions, long ByteLength, bool IsDryRun);
