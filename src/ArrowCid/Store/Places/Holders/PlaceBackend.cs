using System.Collections.Concurrent;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>The blocks of one place, in the forms that the store has recorded there. Blocks that are written get the
/// form of the place.</summary>
internal sealed class PlaceBackend(CidStore store, BlockPlace place, BlockBackend stored) : BlockBackend(stored.Name)
{
    // The bytes of converted blocks that are held in memory, so that small ones share a pack.
    private const long MostHeld = 64 << 20;

    private readonly ConcurrentDictionary<Cid, (string Form, int Length)> _written = new();

    public override bool CanPut => stored.CanPut;

    public override bool CanDelete => stored.CanDelete;

    public override bool CanList => stored.CanList;

    internal override string? LockDirectory => stored.LockDirectory;

    // The pieces of a batch are ranges of its own bytes.
    internal override bool KeepsManifests => place.Form == BlockForm.Block && stored.KeepsManifests;

    public override string? Test(CancellationToken cancellationToken = default) => stored.Test(cancellationToken);

    /// <summary>The form of a block that this backend has written, as a fact records it; null of others.</summary>
    public string? FormOf(Cid cid) => _written.TryGetValue(cid, out (string Form, int Length) copy) ? copy.Form : null;

    /// <summary>The CIDs under which blocks are stored.</summary>
    public Cid[] StoredAs(IReadOnlyList<Cid> cids)
    {
        var found = new Cid[cids.Count];
        (string Form, Cid Cid, int Length)[] copies = CopiesOf(cids);
        for (int i = 0; i < found.Length; i++) found[i] = copies[i].Cid;
        return found;
    }

    /// <summary>Removes what <see cref="StoredAs"/> returned.</summary>
    public void DeleteStored(Cid cid, CancellationToken cancellationToken) => stored.Delete(cid, cancellationToken);

    protected override bool Has(Cid cid, CancellationToken cancellationToken) =>
        stored.Contains(StoredAs([cid])[0], cancellationToken);

    protected override void HasMany(IReadOnlyList<Cid> cids, Span<bool> found, CancellationToken cancellationToken) =>
        stored.ContainsMany(StoredAs(cids), cancellationToken).CopyTo(found);

    protected override IEnumerable<Cid> ListBlocks(CancellationToken cancellationToken)
    {
        Dictionary<Cid, Cid>? others = null;
        foreach (Cid cid in stored.List(cancellationToken))
        {
            others ??= BlocksByStored(cancellationToken);
            yield return others.GetValueOrDefault(cid, cid);
        }
    }

    private protected override BlockLease? Find(Cid cid, in Digest256 digest, CancellationToken cancellationToken)
    {
        (string form, Cid storedAs, int length) = CopiesOf([cid])[0];
        BlockLease? found = stored.TryGet(storedAs, cancellationToken);
        if (found is null || form == BlockForm.Block) return found;
        using (found)
        {
            ReadOnlyMemory<byte> bytes = FormCodec.Decode(form, found.Bytes, length);
            return Sha256.Hash(bytes.Span) == digest
                ? new BlockLease(cid, bytes, null)
                : throw new ArrowCidException(ErrorCode.BlockCorrupt, $"{Name} has other bytes for {cid}");
        }
    }

    private protected override BlockLease[]? FindRanges(Cid cid, IReadOnlyList<BlockSlice> slices,
        CancellationToken cancellationToken) => CopiesOf([cid])[0].Form == BlockForm.Block
        ? stored.TryGetRanges(cid, slices, cancellationToken)?.ToArray()
        : base.FindRanges(cid, slices, cancellationToken);

    internal override BlockLease? FindManifest(Cid block, Cid manifest, CancellationToken cancellationToken) =>
        stored.FindManifest(block, manifest, cancellationToken);

    internal override Cid FindSchema(Cid cid, CancellationToken cancellationToken) =>
        place.Form == BlockForm.Block && StoredAs([cid])[0] == cid
            ? stored.FindSchema(cid, cancellationToken)
            : base.FindSchema(cid, cancellationToken);

    protected override void Write(Cid cid, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        _ = WriteMany([cid], each => new BlockLease(each, bytes, null), progress: null, cancellationToken);

    protected override BlockCopyResult WriteMany(IReadOnlyList<Cid> cids, Func<Cid, BlockLease> open,
        Action<long>? progress, CancellationToken cancellationToken)
    {
        bool[] found = stored.ContainsMany(StoredAs(cids), cancellationToken);
        Cid[] missing = [.. cids.Where((_, i) => !found[i])];
        foreach (Cid cid in missing) _ = _written.TryRemove(cid, out _);
        BlockCopyResult copied = place.Form == BlockForm.Block
            ? WriteBlocks(missing, open, progress, cancellationToken)
            : WriteForms(missing, open, progress, cancellationToken);
        return copied with { Blocks = cids.Count };
    }

    protected override void Remove(Cid cid, CancellationToken cancellationToken) =>
        stored.Delete(StoredAs([cid])[0], cancellationToken);

    protected override void Close() => stored.Dispose();

    private BlockCopyResult WriteBlocks(Cid[] cids, Func<Cid, BlockLease> open, Action<long>? progress,
        CancellationToken cancellationToken)
    {
        BlockCopyResult copied = stored.WriteProved(cids, open, progress, cancellationToken);
        foreach (Cid cid in cids) _written[cid] = (BlockForm.Block, 0);
        return copied;
    }

    private BlockCopyResult WriteForms(Cid[] cids, Func<Cid, BlockLease> open, Action<long>? progress,
        CancellationToken cancellationToken)
    {
        int added = 0;
        long bytes = 0;
        for (int next = 0; next < cids.Length;)
        {
            var forms = new Dictionary<Cid, (string Form, int Length)>();
            var made = new Dictionary<Cid, ReadOnlyMemory<byte>>();
            var order = new List<Cid>();
            long held = 0;
            for (; next < cids.Length && held < MostHeld; next++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using BlockLease block = open(cids[next]);
                (string form, ReadOnlyMemory<byte> some) = FormCodec.Encode(place.Form, block);
                bool isBlock = form == BlockForm.Block;
                Cid storedAs = isBlock ? block.Cid : Cid.Sha256(Multicodec.Raw, some.Span);
                forms[block.Cid] = (isBlock ? form : BlockForm.TextOf(form, storedAs), block.Bytes.Length);
                // The block's own memory is the store's until the lease ends.
                if (made.TryAdd(storedAs, isBlock ? some.ToArray() : some)) order.Add(storedAs);
                held += some.Length;
                bytes += block.Bytes.Length;
                added++;
            }

            _ = stored.WriteProved(order, cid => new BlockLease(cid, made[cid], null), null, cancellationToken);
            foreach ((Cid cid, (string Form, int Length) form) in forms) _written[cid] = form;
            progress?.Invoke(bytes);
        }

        return new BlockCopyResult { Blocks = cids.Length, NewBlocks = added, ByteLength = bytes };
    }

    /// <summary>The blocks that are stored in other bytes, by the CIDs of these: recorded ones, and those that were
    /// written here and are not recorded yet.</summary>
    private Dictionary<Cid, Cid> BlocksByStored(CancellationToken cancellationToken)
    {
        Dictionary<Cid, Cid> blocks = store.Places.StoredAt(place.Name, cancellationToken);
        foreach ((Cid cid, (string text, _)) in _written)
        {
            if (BlockForm.Parse(text).StoredAs is { } storedAs) blocks[storedAs] = cid;
        }

        return blocks;
    }

    private (string Form, Cid Cid, int Length)[] CopiesOf(IReadOnlyList<Cid> cids)
    {
        CopyState?[] states = store.Registry.Copies.At(cids, place.Name);
        var copies = new (string, Cid, int)[cids.Count];
        for (int i = 0; i < copies.Length; i++)
        {
            (string text, int length) = _written.TryGetValue(cids[i], out (string Form, int Length) own)
                ? own
                : (states[i]?.Form ?? BlockForm.Block, (int)(states[i]?.Bytes ?? 0));
            (string form, Cid? storedAs) = BlockForm.Parse(text);
            copies[i] = (form, storedAs ?? cids[i], length);
        }

        return copies;
    }
}
