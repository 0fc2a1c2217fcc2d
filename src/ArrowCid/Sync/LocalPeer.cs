namespace ArrowCid.Sync;

/// <summary>An end in this process.</summary>
internal sealed class LocalPeer(string name, ISyncEnd end, SyncRights rights, IDisposable? owner = null)
    : SyncPeer(name)
{
    private readonly SyncSession _session = new(end, rights);

    internal override bool CanPut => rights.CanPut;

    public override void Dispose() => owner?.Dispose();

    internal override IEnumerable<byte[]> Ask(IReadOnlyList<byte[]> requests, CancellationToken cancellationToken) =>
        requests.SelectMany(request => _session.Answer(request, cancellationToken));
}
