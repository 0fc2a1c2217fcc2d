namespace ArrowCid;

/// <summary>A value as blocks of a store.</summary>
/// <param name="Cid">The CID of the value.</param>
/// <param name="Created">The blocks that were stored for it and that the store did not have.</param>
public readonly record struct StoredContent(Cid Cid, IReadOnlyCollection<Cid> Created)
{
    internal static StoredContent Of(PutResult put) => new(put.Cid, put.IsNew ? [put.Cid] : []);
}
