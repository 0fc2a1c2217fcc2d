using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>Pins and holds, and what keeps them from being hollow beside a drop.</summary>
internal sealed class RegistryPins(BlockStore blocks, RegistryReader reader, FactAppender facts)
{
    /// <summary>Pins a block that is here.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: it is not, or something beneath it
    /// is not.</exception>
    public void Pin(Cid cid)
    {
        facts.ThrowIfRing("a pin");
        ulong sweep = ReadSweepAndLanes();
        try
        {
            Announce([DigestOf(cid)], facts.Record(facts.Audited([new PinFact(cid, true)], AuditFact.Pin, cid)), sweep);
        }
        catch (HollowException e)
        {
            facts.Append(facts.Audited([new PinFact(cid, false)], AuditFact.Unpin, cid));
            throw new ArrowCidException(ErrorCode.BlockNotFound, $"{e.Message}; it is not pinned", e);
        }
    }

    /// <returns>False where it was not pinned.</returns>
    public bool Unpin(Cid cid)
    {
        Digest256 digest = DigestOf(cid);
        if (reader.Ask(() => reader.State.Find(in digest))?.Sheet is not { Pin.Value: true }) return false;
        facts.Append(facts.Audited([new PinFact(cid, false)], AuditFact.Unpin, cid));
        return true;
    }

    /// <summary>Keeps blocks, whose expiry was just changed, from being dropped for having expired before. Blocks that
    /// are not here are passed over.</summary>
    /// <param name="cids">The blocks.</param>
    /// <param name="expires">The expiry, in milliseconds since 1970; null for never.</param>
    /// <param name="sweep">The sweep word from before the expiry was changed.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: something that a block needs was
    /// removed. The other blocks are kept all the same.</exception>
    public void KeepTouched(IEnumerable<Cid> cids, ulong? expires, ulong sweep)
    {
        ulong now = blocks.Coordination.ReadSweep();
        bool isLonger = expires is null || expires > (ulong)blocks.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        if (((now & 1) == 0 && now == sweep) || !isLonger || blocks.IsRing) return;
        // The collector may have decided before it could see the expiry.
        string? fault = null;
        foreach (Cid cid in cids)
        {
            Digest256[] roots = [DigestOf(cid)];
            if (!blocks.TryAnnounce(Beneath(roots), null, out Digest256 missing) && missing != roots[0])
                fault ??= Missing(roots, missing);
        }

        if (fault is not null) throw new ArrowCidException(ErrorCode.BlockNotFound, fault);
    }

    /// <summary>Sees to it that blocks which were found or put just now, one of which needs the others, stay
    /// together: a drop beside it did not see that one.</summary>
    /// <param name="cids">The blocks.</param>
    /// <param name="sweep">The sweep word from before they were looked up.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: one is no longer here.</exception>
    public void KeepTogether(IEnumerable<Cid> cids, ulong sweep)
    {
        if (blocks.IsRing) return;
        Digest256[] digests = [.. cids.Select(DigestOf).Distinct()];
        bool mayBeDropped = reader.Ask(() => IsAnyDropped(digests));
        ulong now = blocks.Coordination.ReadSweep();
        if (!mayBeDropped && (now & 1) == 0 && now == sweep) return;
        if (!blocks.TryAnnounce(digests, null, out Digest256 missing))
            throw new ArrowCidException(ErrorCode.BlockNotFound, Missing(digests, missing));
    }

    /// <summary>Keeps blocks that are here until the byte is let go, or the process ends.</summary>
    /// <returns>The byte, to be given to <see cref="StoreCoordination.EndHold"/>.</returns>
    public long Hold(Cid[] cids)
    {
        facts.ThrowIfRing("a hold");
        Digest256[] digests = Array.ConvertAll(cids, DigestOf);
        long lockByte = blocks.Coordination.BeginHold();
        try
        {
            ulong sweep = ReadSweepAndLanes();
            Announce(digests, facts.Record(new HoldFact(cids, (ulong)lockByte)), sweep);
            return lockByte;
        }
        catch (Exception e)
        {
            blocks.Coordination.EndHold(lockByte);
            if (e is HollowException) throw new ArrowCidException(ErrorCode.BlockNotFound, e.Message, e);
            throw;
        }
    }

    private ulong ReadSweepAndLanes()
    {
        ulong sweep = blocks.Coordination.ReadSweep();
        lock (reader.Gate) reader.ReadTo(blocks.Listing.Marks());
        return sweep;
    }

    /// <summary>Appends facts that keep blocks, each of which is announced again; with everything beneath it where a
    /// drop of that is on its way or was there.</summary>
    /// <param name="roots">The blocks.</param>
    /// <param name="facts">The facts.</param>
    /// <param name="sweep">The sweep word from before the lanes were read.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: a block is not here; nothing was
    /// written.</exception>
    /// <exception cref="HollowException">The facts stand, but something beneath the blocks is gone.</exception>
    public void Announce(Digest256[] roots, FactRecord facts, ulong sweep)
    {
        Digest256[] all = Beneath(roots);
        bool mayBeDropped = (sweep & 1) != 0 || reader.Known(() => IsAnyDropped(all));
        if (!blocks.TryAnnounce(mayBeDropped ? all : roots, facts, out Digest256 missing))
            throw new ArrowCidException(ErrorCode.BlockNotFound, Missing(roots, missing));
        AnnounceIfSwept(roots, sweep);
    }

    /// <summary>Announces blocks, to which a fact that was just committed points, again with everything beneath them,
    /// where a drop was decided meanwhile.</summary>
    /// <exception cref="HollowException">Something beneath the blocks is gone.</exception>
    public void AnnounceIfSwept(Digest256[] roots, ulong sweep)
    {
        ulong now = blocks.Coordination.ReadSweep();
        if ((now & 1) == 0 && now == sweep) return;
        // Blocks beneath that were not visible before the drop was decided are visible to every later reclaim.
        if (!blocks.TryAnnounce(Beneath(roots), null, out Digest256 missing))
            throw new HollowException(Missing(roots, missing));
    }

    private bool IsAnyDropped(Digest256[] digests) =>
        Array.Exists(digests, digest => reader.State.Find(in digest) is { IsDropped: true });

    private Digest256[] Beneath(Digest256[] roots) =>
        [.. roots.SelectMany(root => BlockNeeds.Closure(blocks, root)).Distinct()];

    private string Missing(Digest256[] roots, Digest256 missing)
    {
        Cid cid = Cid.FromSha256(Multicodec.Raw, missing);
        return Array.IndexOf(roots, missing) >= 0
            ? $"{cid} is not here ({blocks.Directory}); put it first"
            : $"{cid}, which it needs, is no longer here ({blocks.Directory}); put it again first";
    }

    public static Digest256 DigestOf(Cid cid) => cid.Version == 1 && cid.TryGetSha256(out Digest256 digest)
        ? digest
        : throw new ArrowCidException(ErrorCode.BlockNotFound,
            $"{cid} is not here: a store has blocks of CID version 1 and SHA-256 only");

    /// <summary>A fact that keeps a block was committed, and something that it needs went meanwhile.</summary>
    public sealed class HollowException(string message) : ArrowCidException(ErrorCode.BlockNotFound, message);
}
