namespace ArrowCid.Ipld.Car;

/// <summary>One block's place in an archive.</summary>
/// <param name="Cid">Its CID, not yet proved.</param>
/// <param name="Offset">Where its section begins in the file.</param>
/// <param name="BlockOffset">Where its bytes begin in the file.</param>
/// <param name="Length">Its bytes.</param>
internal readonly record struct CarSection(Cid Cid, long Offset, long BlockOffset, int Length)
{
    /// <summary>The first byte after it.</summary>
    public long End => BlockOffset + Length;
}
