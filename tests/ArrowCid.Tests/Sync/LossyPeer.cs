using ArrowCid.Sync;

namespace ArrowCid.Tests.Sync;

/// <summary>A peer over a bad network, from one random source: requests and answers are lost, also after the other
/// side has done what was asked.</summary>
internal sealed class LossyPeer(SyncPeer inner, Random random, double loss) : SyncPeer("lossy")
{
    public int Losses { get; private set; }

    public override void Dispose() => inner.Dispose();

    internal override IEnumerable<byte[]> Ask(IReadOnlyList<byte[]> requests, CancellationToken cancellationToken)
    {
        if (IsLost()) throw Lost();
        foreach (byte[] answer in inner.Ask(requests, cancellationToken))
        {
            if (random.NextDouble() < loss / 4) throw Lost();
            yield return answer;
        }

        if (IsLost()) throw Lost();
    }

    private bool IsLost() => random.NextDouble() < loss;

    private ArrowCidException Lost()
    {
        Losses++;
        return new ArrowCidException(ErrorCode.Busy, "the network lost it");
    }
}
