namespace ArrowCid;

/// <summary>What was forgotten, or would be.</summary>
/// <param name="Versions">Every version that is here, group by group, the last one first.</param>
/// <param name="ByteLength">The bytes of the blocks that go.</param>
/// <param name="IsDryRun">Whether nothing was done.</param>
public sealed record ForgetResult(IReadOnlyList<ForgetVersion> Versions, long ByteLength, bool IsDryRun);
