namespace ArrowCid.Registry;

/// <summary>What came of a removal: what goes, with its bytes, and what stays and why.</summary>
internal sealed record Removal(List<(Cid Cid, long Bytes)> Gone, List<(Cid Cid, List<KeepReason> Reasons)> Kept)
{
    public long Bytes => Gone.Sum(each => each.Bytes);
}
