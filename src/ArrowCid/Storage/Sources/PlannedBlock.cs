using ArrowCid.Ipc;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>A batch that is encoded where it is stored.</summary>
/// <param name="plan">Its plan.</param>
/// <param name="expected">The CID that it must have; the default for any.</param>
internal sealed class PlannedBlock(BlockPlan plan, Cid expected) : IBlockSource
{
    public int Length => plan.Length;

    public Digest256 WriteTo(Span<byte> destination) => plan.WriteTo(destination);

    public void Fill(Span<byte> destination) => plan.Fill(destination);

    public void Validate(Digest256 digest) => ExpectedCid.RequireBatch(expected, digest);
}
