using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>Results of calls (<c>FACTS.md</c>).</summary>
internal sealed class RegistryResults(BlockStore blocks, RegistryReader reader, FactAppender facts, RegistryPins pins)
{
    /// <summary>How long a result is kept of whose call no expiry is known.</summary>
    public static readonly TimeSpan DefaultLife = TimeSpan.FromDays(30);

    /// <summary>The result of a call; null where there is none, or it has expired.</summary>
    public StoredResult? Find(in Digest256 call)
    {
        Digest256 asked = call;
        return reader.Ask(() => Valid(in asked, reader.State.Find(in asked)));
    }

    /// <summary>All results that have not expired, in no order.</summary>
    public List<StoredResult> List() => reader.Ask(() =>
    {
        var found = new List<StoredResult>();
        MergedCursor cursor = reader.Open(IndexKind.Result, new KeyRange(null, null), isDescending: false);
        var seen = new HashSet<Digest256>();
        while (cursor.Next())
        {
            Digest256 call = IndexKey.DigestOf(cursor.Key);
            if (seen.Add(call) && Valid(in call, reader.State.Find(in call)) is { } result) found.Add(result);
        }

        return found;
    });

    /// <summary>Records the result of a call. Both blocks are here and stay until the expiry.</summary>
    /// <param name="call">The block of the call.</param>
    /// <param name="value">The result.</param>
    /// <param name="said">Further facts of the same moment.</param>
    /// <param name="sweep">The sweep word from before the blocks were put.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: the value, or something that it
    /// needs, is not here; there is no result then. <see cref="ErrorCode.Unsupported"/>: the store is a
    /// ring.</exception>
    public void Set(Cid call, Cid value, IReadOnlyCollection<Fact> said, ulong sweep)
    {
        facts.ThrowIfRing("a result");
        lock (reader.Gate) reader.ReadTo(blocks.Listing.Marks());
        try
        {
            pins.Announce([RegistryPins.DigestOf(call), RegistryPins.DigestOf(value)],
                facts.Record([new ResultFact(call, value), .. said]), sweep);
        }
        catch (RegistryPins.HollowException e)
        {
            facts.Append(new ResultFact(call, null));
            throw new ArrowCidException(ErrorCode.BlockNotFound, $"{e.Message}; the result is not recorded", e);
        }
    }

    /// <summary>Removes results: the blocks stay until they expire.</summary>
    public void Remove(IEnumerable<Cid> calls)
    {
        const int AtOnce = 256;
        foreach (Cid[] some in calls.Chunk(AtOnce))
            facts.Append(Array.ConvertAll(some, call => (Fact)new ResultFact(call, null)));
    }

    /// <summary>Adds the results that keep a block: its own, where it is a call, and the calls whose result it
    /// is. Under the gate.</summary>
    public void AddReasons(in Digest256 digest, BlockState? page, List<KeepReason> reasons)
    {
        if (Valid(in digest, page) is { } own)
            reasons.Add(new KeepReason { Kind = KeepKind.Result, Name = null, By = own.Call });
        byte[] low = IndexKey.OfDigest(in digest);
        MergedCursor cursor = reader.Open(IndexKind.Result, new KeyRange(low, IndexKey.Behind(low)),
            isDescending: false);
        while (cursor.Next())
        {
            Digest256 call = IndexKey.DigestOf(cursor.Key);
            bool isResult = Valid(in call, reader.State.Find(in call)) is { } result &&
                result.Value.TryGetSha256(out Digest256 value) && value == digest;
            if (!isResult) continue;
            reasons.Add(new KeepReason
            {
                Kind = KeepKind.Result,
                Name = null,
                By = Cid.FromSha256(Multicodec.DagCbor, call),
            });
            return;
        }
    }

    private StoredResult? Valid(in Digest256 call, BlockState? page)
    {
        if (page?.Sheet is not { Result: { Value: { } value } result } sheet) return null;
        DateTimeOffset end = EntryReader.ExpiryOf(page) ?? result.Stamp.When + DefaultLife;
        return end <= blocks.Clock.GetUtcNow() ? null : new StoredResult(
            Cid.FromSha256(Multicodec.DagCbor, call), value, result.Stamp.When, end, sheet.Tags);
    }
}
