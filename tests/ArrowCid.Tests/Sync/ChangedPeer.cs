using ArrowCid.Sync;

namespace ArrowCid.Tests.Sync;

/// <summary>A peer whose answers are changed on the way.</summary>
internal sealed class ChangedPeer(SyncPeer inner, Func<byte[], IEnumerable<byte[]>> change) : SyncPeer("changed")
{
    public override void Dispose() => inner.Dispose();

    internal override IEnumerable<byte[]> Ask(IReadOnlyList<byte[]> requests, CancellationToken cancellationToken) =>
        inner.Ask(requests, cancellationToken).SelectMany(change);
}
