namespace ArrowCid.Cli.Verbs;

/// <summary>What a <see cref="Selection"/> came to.</summary>
internal sealed record Chosen(CidStore Store, Cid[] Cids, bool IsByFilter) : IDisposable
{
    public void Dispose() => Store.Dispose();
}
