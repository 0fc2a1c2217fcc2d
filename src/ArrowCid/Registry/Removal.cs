namespace ArrowCid.Registry;

/// <summary>The result of a removal: the removed blocks with their bytes, and the kept blocks with the
/// reasons.</summary>
internal sealed record Removal(List<(Cid Cid, long Bytes)> Gone, List<(Cid Cid, List<KeepReason> Reasons)> Kept)
{
    public long Bytes => Gone.Sum(each => each.Bytes);
}
