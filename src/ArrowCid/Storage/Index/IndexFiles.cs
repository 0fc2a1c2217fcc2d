namespace ArrowCid.Storage;

/// <summary>The open index files for one value of the control word.</summary>
internal sealed record IndexFiles(IndexPair Pair, IndexFile? Current, IndexFile? Previous)
{
    public long Bytes => (Current?.Bytes ?? 0) + (Previous?.Bytes ?? 0);

    public IndexFile? Find(uint number) =>
        Current?.Number == number ? Current : Previous?.Number == number ? Previous : null;
}
