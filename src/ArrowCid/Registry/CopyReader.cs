using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>Copies of blocks at places: what a new fact of a copy says, and how many there are, without an entry for
/// each block.</summary>
internal sealed class CopyReader(RegistryReader reader, EntryReader entries)
{
    // The number of blocks that are looked at while other readers of this handle wait.
    private const int AtOnce = 256;

    /// <summary>Describes the copies that are recorded at a place.</summary>
    /// <param name="cids">Blocks.</param>
    /// <param name="place">The name of the place.</param>
    /// <returns>For each block, its copy there; null where none is recorded.</returns>
    public CopyState?[] At(IReadOnlyList<Cid> cids, string place)
    {
        var copies = new CopyState?[cids.Count];
        for (int from = 0; from < cids.Count; from += AtOnce)
        {
            int start = from, end = Math.Min(cids.Count, from + AtOnce);
            _ = reader.Ask(() =>
            {
                for (int i = start; i < end; i++)
                {
                    if (cids[i].TryGetSha256(out Digest256 digest)) copies[i] = At(reader.State.Find(in digest), place);
                }

                return true;
            });
        }

        return copies;
    }

    /// <summary>Describes blocks for facts of their copies.</summary>
    /// <param name="cids">Blocks that are stored here or recorded elsewhere.</param>
    /// <returns>For each block what a fact of a copy in the form <see cref="BlockForm.Block"/> says; null where nothing
    /// is known of it.</returns>
    public CopyState?[] Describe(IReadOnlyList<Cid> cids)
    {
        var states = new CopyState?[cids.Count];
        for (int from = 0; from < cids.Count; from += AtOnce)
        {
            int start = from, end = Math.Min(cids.Count, from + AtOnce);
            _ = reader.Ask(() =>
            {
                for (int i = start; i < end; i++)
                {
                    if (cids[i].TryGetSha256(out Digest256 digest)) states[i] = Describe(in digest);
                }

                return true;
            });
        }

        return states;
    }

    /// <summary>Counts the blocks that are recorded at a place, and their bytes, from the index of copies.</summary>
    public (long Blocks, long Bytes) CountAt(string place, CancellationToken cancellationToken)
    {
        long blocks = 0, bytes = 0;
        byte[] low = IndexKey.OfText(place);
        byte[]? high = IndexKey.Behind(low);
        bool isMore = true;
        while (isMore)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var range = new KeyRange(low, high);
            isMore = reader.Ask(() =>
            {
                MergedCursor cursor = reader.Open(IndexKind.Copy, range, isDescending: false);
                for (int i = 0; i < AtOnce; i++)
                {
                    if (!cursor.Next()) return false;
                    low = [.. cursor.Key, 0];
                    Digest256 digest = IndexKey.DigestOf(cursor.Key);
                    // A block has a key for each fact; the one of the fact that counts is the last.
                    LwwRegister<CopyState?> copy = LastAt(reader.State.Find(in digest), place);
                    if (copy.Value is not { } state || copy.Stamp.Time != IndexKey.TimeOf(cursor.Key)) continue;
                    blocks++;
                    bytes += (long)state.Bytes;
                }

                return true;
            });
        }

        return (blocks, bytes);
    }

    private static CopyState? At(BlockState? page, string place) => LastAt(page, place).Value;

    private static LwwRegister<CopyState?> LastAt(BlockState? page, string place) =>
        page?.Sheet?.Copies is { } copies ? copies.GetValueOrDefault(place) : default;

    private CopyState? Describe(in Digest256 digest)
    {
        BlockState? page = reader.State.Find(in digest);
        if (entries.Look(in digest, page) is not { } info)
        {
            return page?.Sheet?.Copies?.Values.FirstOrDefault(copy => copy.Value is not null).Value is { } known
                ? known with { Form = BlockForm.Block }
                : null;
        }

        NodeHead? node = entries.NodeOf(in info);
        Cid? schema = info.Kind is RecordKind.Batch or RecordKind.Schema
            ? Cid.FromSha256(Multicodec.Raw, info.SchemaDigest)
            : node?.Schema;
        return new CopyState(BlockForm.Block, (ulong)info.Length, (ulong)(node?.Kind ?? EntryReader.KindOf(info)),
            (ulong)(info.Kind == RecordKind.Batch ? info.Rows : node?.Rows ?? 0), schema);
    }
}
