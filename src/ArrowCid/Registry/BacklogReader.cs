using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>
/// The blocks that are to be copied to a place and are not recorded there yet. The table of places says which places
/// take every block; the facts of copies say what is there. So the backlog is known after any crash, and a block leaves
/// it only by a fact.
/// </summary>
internal sealed class BacklogReader(BlockStore blocks, RegistryReader reader, EntryReader entries)
{
    /// <summary>The name that points to the table of places.</summary>
    public const string TableName = "arrowcid.places";

    /// <summary>The kind of the table.</summary>
    public const string TableKind = "arrowcid/places";

    /// <summary>The key of a place in the table that says when a put counts as copied there, and its values.</summary>
    public const string WriteKey = "write", Back = "back", Through = "through";

    // The number of blocks that are looked at while other readers of this handle wait.
    private const int AtOnce = 256;

    // A collection asks for each block: the table is looked up again only after other facts were read.
    private RegistryState? _state;
    private long _records;
    private Digest256 _table;
    private IReadOnlyList<string> _places = [];

    /// <summary>The first place that a stored block is still to be copied to; null where there is none.</summary>
    /// <param name="digest">The block.</param>
    /// <param name="page">What is known of it. The caller reads the registry.</param>
    public string? PlaceFor(in Digest256 digest, BlockState? page)
    {
        foreach (string place in Places())
        {
            if (!IsAt(page, place)) return entries.Look(in digest, page) is { Kind: RecordKind.View } ? null : place;
        }

        return null;
    }

    /// <summary>Counts the backlog of a place.</summary>
    public (long Blocks, long Bytes) Count(string place, CancellationToken cancellationToken)
    {
        long blocks = 0, bytes = 0;
        foreach (BlockInfo info in Find(place, cancellationToken))
        {
            blocks++;
            bytes += info.Length;
        }

        return (blocks, bytes);
    }

    /// <summary>Lists the backlog of a place, the oldest put first.</summary>
    public IEnumerable<BlockInfo> Find(string place, CancellationToken cancellationToken)
    {
        var found = new List<BlockInfo>(AtOnce);
        byte[]? low = null;
        for (bool isMore = true; isMore;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            found.Clear();
            isMore = reader.Ask(() =>
            {
                MergedCursor cursor = reader.Open(IndexKind.Created, new KeyRange(low, null), isDescending: false);
                for (int i = 0; i < AtOnce; i++)
                {
                    if (!cursor.Next()) return false;
                    low = [.. cursor.Key, 0];
                    Digest256 digest = IndexKey.DigestOf(cursor.Key);
                    BlockState? page = reader.State.Find(in digest);
                    if (IsAt(page, place) || entries.Look(in digest, page) is not { } info) continue;
                    // A block that was put several times has several keys.
                    bool isOwn = (ulong)(info.Time - DateTimeOffset.UnixEpoch).Ticks == IndexKey.TimeOf(cursor.Key);
                    if (isOwn && info.Kind != RecordKind.View) found.Add(info);
                }

                return true;
            });
            foreach (BlockInfo info in found) yield return info;
        }
    }

    /// <summary>Whether a stored block is in the backlog of a place.</summary>
    public bool Holds(string place, in Digest256 digest)
    {
        Digest256 asked = digest;
        return reader.Ask(() => reader.State.Find(in asked) is var page && !IsAt(page, place) &&
            entries.Look(in asked, page) is { Kind: not RecordKind.View });
    }

    private static bool IsAt(BlockState? page, string place) =>
        page?.Sheet?.Copies?.TryGetValue(place, out LwwRegister<CopyState?> copy) == true && copy.Value is not null;

    /// <summary>The places that take every block.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/> or
    /// <see cref="ErrorCode.InvalidData"/>: the table cannot be read, so it is not known what may go.</exception>
    private IReadOnlyList<string> Places()
    {
        RegistryState state = reader.State;
        if (ReferenceEquals(state, _state) && state.Records == _records) return _places;
        Cid? target = state.FindName(TableName)?.Last.Target;
        if (target is not { } cid || !cid.TryGetSha256(out Digest256 digest))
        {
            (_state, _records, _table, _places) = (state, state.Records, default, []);
            return _places;
        }

        if (digest == _table)
        {
            (_state, _records) = (state, state.Records);
            return _places;
        }

        using RecordLease lease = blocks.Find(digest) ?? throw new ArrowCidException(ErrorCode.BlockNotFound,
            $"the table of places {cid} is not stored, so it is not known which blocks wait for a copy");
        try
        {
            IpldNode node = DagCbor.Decode(lease.Memory.Span);
            ManifestNode table = ManifestNode.Of(node, TableKind, "places");
            _places = [.. table.List("places").Where(TakesAll).Select(place => place["name"]!.AsText())];
            (_state, _records, _table) = (state, state.Records, digest);
            return _places;
        }
        catch (InvalidIpldException e)
        {
            throw new ArrowCidException(ErrorCode.InvalidData,
                $"the name '{TableName}' points to {cid}, which is no table of places ({e.Rule})", e);
        }
    }

    private static bool TakesAll(IpldNode place) => place["name"] is { Kind: IpldKind.Text } &&
        place[WriteKey] is { Kind: IpldKind.Text } write && write.AsText() is Back or Through;
}
