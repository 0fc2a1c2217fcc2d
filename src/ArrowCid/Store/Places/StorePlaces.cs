using System.Text;
using ArrowCid.Ipld;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>
/// The places where copies of the store's blocks are kept, and which blocks each of them has. The table of places is a
/// block that the name <see cref="TableName"/> points to, and a copy is a fact (kind 17 of <c>FACTS.md</c>): backups
/// include both.
/// </summary>
public sealed partial class StorePlaces
{
    /// <summary>The name that points to the table.</summary>
    public const string TableName = "arrowcid.places";

    private readonly CidStore _store;
    private readonly Func<string, bool, BlockBackend> _open;
    private readonly PlaceWrite? _write;
    private volatile Tuple<Cid, IReadOnlyList<BlockPlace>>? _table;

    internal StorePlaces(CidStore store, CidStoreOptions options)
    {
        (_store, _open, _write) = (store, options.OpenPlace ?? OpenDirectory, options.Write);
        (Cache, _columns) = (new StoreCache(store), new ColumnTable(store.Directory));
        Columns = new PlaceColumns(store, _columns);
        Gauge = new BacklogGauge(options.MaxBacklog);
    }

    /// <summary>The store as a cache of its places: its size and policy, what is read most, and what left.</summary>
    public StoreCache Cache { get; }

    /// <summary>Lists the places, sorted by name.</summary>
    /// <returns>The places; none where none were added.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: the name <see cref="TableName"/> points
    /// to something else; <see cref="ErrorCode.BlockNotFound"/>: its block is not stored.</exception>
    public IReadOnlyList<BlockPlace> List() => List(out _);

    /// <summary>Finds a place.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The place; null if there is none of this name.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="List()"/>.</exception>
    public BlockPlace? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return List().FirstOrDefault(place => place.Name == name);
    }

    /// <summary>Adds a place, or replaces the one of its name. Nothing is read from it or written to it.</summary>
    /// <param name="place">The place.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: a part of it is not allowed;
    /// <see cref="ErrorCode.Unsupported"/>: the store evicts its oldest blocks, and <see cref="BlockPlace.Write"/>
    /// would keep them; <see cref="ErrorCode.NameConflict"/>: another process changed the table at the same time;
    /// others as for <see cref="StoreNames.Set(string, Cid)"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public void Add(BlockPlace place)
    {
        ArgumentNullException.ThrowIfNull(place);
        PlaceTable.ThrowIfInvalid(place);
        if (place.Write != PlaceWrite.None && _store.Blocks.IsRing)
        {
            throw new ArrowCidException(ErrorCode.Unsupported,
                $"{_store.Directory} evicts its oldest blocks, also those that are not at '{place.Name}' yet");
        }

        IReadOnlyList<BlockPlace> places = List(out Cid? before);
        Save([.. places.Where(other => other.Name != place.Name), place], before);
    }

    /// <summary>Removes a place from the table. Its blocks stay where they are, and so does what is recorded of
    /// them, which is valid again when a place of this name is added.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>False if there is none of this name.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="Add"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public bool Remove(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        IReadOnlyList<BlockPlace> places = List(out Cid? before);
        BlockPlace[] left = [.. places.Where(place => place.Name != name)];
        if (left.Length == places.Count) return false;
        Save(left, before);
        return true;
    }

    /// <summary>Opens a location: <c>http://</c> or <c>https://</c> is a gateway; a directory is a store where it holds
    /// one, and otherwise a directory of files.</summary>
    /// <param name="location">The URL or directory. A directory must exist, unless its name ends in <c>/</c>.</param>
    /// <param name="readOnly">Whether a store is opened for reading only.</param>
    /// <returns>Its blocks.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: a URL of another scheme;
    /// <see cref="ErrorCode.Io"/>: there is no such directory; others as for <see cref="CidStore.Open"/>.</exception>
    public static BlockBackend OpenLocation(string location, bool readOnly = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(location);
        return Uri.TryCreate(location, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
            ? BlockBackend.Gateway(url)
            : OpenDirectory(location, readOnly);
    }

    /// <summary>Opens a place by <see cref="CidStoreOptions.OpenPlace"/>.</summary>
    /// <param name="place">The place.</param>
    /// <param name="readOnly">Whether nothing is written to it.</param>
    /// <returns>Its blocks, to be disposed of.</returns>
    /// <exception cref="ArrowCidException">It cannot be opened.</exception>
    public BlockBackend Open(BlockPlace place, bool readOnly = false)
    {
        ArgumentNullException.ThrowIfNull(place);
        return new PlaceBackend(_store, place, _open(place.Location, readOnly));
    }

    /// <summary>Finds the place of a location.</summary>
    /// <param name="location">The location, a directory as a full path.</param>
    /// <returns>The place; null if no place has this location.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="List()"/>.</exception>
    public BlockPlace? FindByLocation(string location)
    {
        ArgumentNullException.ThrowIfNull(location);
        return List().FirstOrDefault(place => place.Location.TrimEnd('/') == location.TrimEnd('/'));
    }

    /// <summary>The blocks that the places are known to have, as one backend. A block is read from the cheapest place
    /// that is known to have it, and hashed; the next one is asked where that fails.</summary>
    /// <param name="followLocations">Whether the locations that writers have recorded for a block
    /// (<see cref="StoredEntry.Locations"/>) are asked after the places. They may come from other machines, and
    /// following one connects to it; one with a query is not followed.</param>
    /// <returns>A backend, to be disposed of before the store. Places are opened when they are needed.</returns>
    public BlockBackend AsBackend(bool followLocations = false) => new PlacesBackend(_store, followLocations);

    internal BlockBackend OpenHint(string location) => _open(location, arg2: true);

    /// <summary>Copies blocks to a place, with all blocks that they need, and records what is there then. A block that
    /// is not in this store is read from the places that have it. Except in a store, a batch over 1 MiB is stored with
    /// its column manifest, and a dataset with those of its batches, so that <see cref="ReadColumns"/> can read columns
    /// alone; these do not count as blocks.</summary>
    /// <param name="cids">The blocks.</param>
    /// <param name="name">The name of the place.</param>
    /// <param name="other">A further source of blocks; null if there is none.</param>
    /// <param name="progress">Gets the number of bytes that were copied so far.</param>
    /// <param name="cancellationToken">Cancels the call. Blocks that were copied before stay there; they are recorded
    /// by the next copy.</param>
    /// <returns>The numbers of blocks and bytes.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.NameNotFound"/>: there is no such place;
    /// <see cref="ErrorCode.Unsupported"/>: it stores nothing; others as for <see cref="BlockBackend.CopyFrom"/>.
    /// Blocks that were copied before stay there; they are recorded by the next copy.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public BlockCopyResult Copy(IReadOnlyList<Cid> cids, string name, BlockBackend? other = null,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(cids);
        var operation = new Operation(ProgressUnit.Bytes, progress, cancellationToken);
        BlockCopyResult copied = CopyTo(cids, name, other, operation);
        operation.Finish();
        return copied;
    }

    private BlockCopyResult CopyTo(IReadOnlyList<Cid> cids, string name, BlockBackend? other, Operation operation)
    {
        BlockPlace place = Require(name);
        using PlaceBackend target = OpenToWrite(place);
        if (!target.CanPut)
            throw new ArrowCidException(ErrorCode.Unsupported, $"the place '{place.Name}' is only read");
        using BlockBackend own = _store.Transfer.AsBackend(), elsewhere = AsBackend();
        BlockBackend source = BlockBackend.Several(other is null ? [own, elsewhere] : [own, elsewhere, other]);
        List<Cid> all = BlockWalk.ChildrenFirst(source, cids, operation.Token);
        return CopyAll(all, cids, place, target, source, operation);
    }

    /// <summary>Copies blocks and nothing that they need, with what is known of their columns, and records
    /// them.</summary>
    /// <param name="all">The blocks, each after those that it needs.</param>
    /// <param name="roots">Those of them that may be datasets of which the columns are read.</param>
    /// <param name="place">The place.</param>
    /// <param name="target">Its blocks.</param>
    /// <param name="source">Where the blocks are.</param>
    /// <param name="operation">The progress.</param>
    internal BlockCopyResult CopyAll(IReadOnlyList<Cid> all, IReadOnlyList<Cid> roots, BlockPlace place,
        PlaceBackend target, BlockBackend source, Operation operation)
    {
        var manifests = new ManifestCopies(source);
        BlockCopyResult blocks = target.CopyBlocks(source, all, manifests, operation);
        CrashPoint.Pass(CrashStep.Y1);
        if (target.KeepsManifests)
        {
            using (BlockBackend own = _store.Transfer.AsBackend())
                Columns.AddManifests(all, manifests, own, operation.Token);
            target.CopyManifests(manifests, operation.Token);
            _columns.Add(manifests.Pairs);
            Columns.CopySets(roots, source, target, operation.Token);
        }

        Record(all, place, target);
        CrashPoint.Pass(CrashStep.Y2);
        return blocks;
    }

    internal PlaceBackend OpenToWrite(BlockPlace place) =>
        new(_store, place, _open(place.Location, arg2: false));

    /// <summary>Reads the copy of a block at a place and hashes it.</summary>
    /// <param name="cid">The block.</param>
    /// <param name="name">The name of the place, or <see cref="BlockPlace.Here"/>.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>True if its bytes hash to the CID; false if it is not there.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: it has other bytes; others as for
    /// <see cref="BlockBackend.TryGet"/>.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public bool Prove(Cid cid, string name, CancellationToken cancellationToken = default)
    {
        BlockProof.ThrowIfDefault(cid);
        using BlockBackend backend = name == BlockPlace.Here
            ? _store.Transfer.AsBackend()
            : Open(Require(name), readOnly: true);
        using BlockLease? block = backend.TryGet(cid, cancellationToken);
        return block is not null;
    }

    /// <summary>Lists blocks that have fewer copies than wanted. The copy in this store counts; copies at gateways do
    /// not. What is recorded counts, without a read.</summary>
    /// <param name="copies">The wanted number of copies, at least 1.</param>
    /// <param name="filter">Which blocks; null is all, also those that are only elsewhere.</param>
    /// <param name="cancellationToken">Cancels the enumeration.</param>
    /// <returns>The blocks, found while they are listed.</returns>
    /// <exception cref="OperationCanceledException">The enumeration was canceled.</exception>
    public IEnumerable<ReplicaShortage> FindShort(int copies, Filter? filter = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(copies, 1);
        HashSet<string> durable = [.. List().Where(place => place.IsDurable).Select(place => place.Name)];
        return StoreMetadata.Cancelling(_store.Query(filter, includeMissing: true), cancellationToken)
            .Where(entry => entry.Kind != BlockKind.Unknown)
            .Select(entry => new ReplicaShortage
            {
                Entry = entry,
                Copies = (entry.IsPresent ? 1 : 0) + entry.Copies.Count(copy => durable.Contains(copy.Place)),
            })
            .Where(shortage => shortage.Copies < copies);
    }

    /// <summary>Copies blocks that have fewer copies than wanted to the cheapest places that lack them.</summary>
    /// <param name="copies">The wanted number of copies, at least 1.</param>
    /// <param name="filter">Which blocks; null is all.</param>
    /// <param name="progress">Gets the number of bytes that were copied so far to all places.</param>
    /// <param name="cancellationToken">Cancels the call. Copies that were made before stay.</param>
    /// <returns>The number of copies that were added, without the blocks that these need.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.NameNotFound"/>: there is no place that counts; others
    /// as for <see cref="Copy"/>. Copies that were made before stay.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public long AddCopies(int copies, Filter? filter = null, IProgress<OperationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        var operation = new Operation(ProgressUnit.Bytes, progress, cancellationToken);
        BlockPlace[] durable = [.. List().Where(place => place.IsDurable).OrderBy(place => place.Cost)
            .ThenBy(place => place.Name, StringComparer.Ordinal)];
        if (durable.Length == 0)
            throw new ArrowCidException(ErrorCode.NameNotFound, "there is no place to copy blocks to");
        var missing = durable.ToDictionary(place => place.Name, _ => new List<Cid>(), StringComparer.Ordinal);
        foreach (ReplicaShortage shortage in FindShort(copies, filter, cancellationToken))
        {
            foreach (BlockPlace place in durable
                .Where(place => !shortage.Entry.Copies.Any(copy => copy.Place == place.Name))
                .Take(copies - shortage.Copies))
                missing[place.Name].Add(shortage.Entry.Cid);
        }

        long added = 0;
        foreach ((string name, List<Cid> cids) in missing.Where(each => each.Value.Count > 0))
        {
            _ = CopyTo(cids, name, other: null, operation);
            added += cids.Count;
        }

        operation.Finish();
        return added;
    }

    /// <summary>Lists the blocks that are recorded at a place, also those that are not here.</summary>
    /// <param name="name">The name of the place, which need not be in the table.</param>
    /// <param name="cancellationToken">Cancels the enumeration.</param>
    /// <returns>The blocks, found while they are listed.</returns>
    /// <exception cref="OperationCanceledException">The enumeration was canceled.</exception>
    public IEnumerable<StoredEntry> ListAt(string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        var filter = new StringBuilder("place = ");
        FilterText.Quote(name, filter);
        return StoreMetadata.Cancelling(_store.Query(Filter.Parse(filter.ToString()), includeMissing: true),
            cancellationToken);
    }

    /// <summary>Counts the blocks that are recorded at a place, and those that are to be copied there, without a look
    /// at each of them.</summary>
    /// <param name="name">The name of the place, which need not be in the table.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The numbers of blocks and bytes.</returns>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public PlaceUsage GetUsage(string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        (long blocks, long bytes) = _store.Registry.Copies.CountAt(name, cancellationToken);
        (long waiting, long waitingBytes) = Find(name) is { Write: not PlaceWrite.None }
            ? _store.Registry.Backlog.Count(name, cancellationToken)
            : (0, 0);
        return new PlaceUsage
        {
            Blocks = blocks,
            ByteLength = bytes,
            BacklogBlocks = waiting,
            BacklogByteLength = waitingBytes,
        };
    }

    /// <summary>The blocks that a place stores in other bytes, by the CIDs of those bytes.</summary>
    internal Dictionary<Cid, Cid> StoredAt(string name, CancellationToken cancellationToken)
    {
        var blocks = new Dictionary<Cid, Cid>();
        foreach (StoredEntry entry in ListAt(name, cancellationToken))
        {
            foreach (BlockCopy copy in entry.Copies)
            {
                if (copy.Place == name && copy.StoredAs is { } storedAs) blocks[storedAs] = entry.Cid;
            }
        }

        return blocks;
    }

    /// <summary>The places that a block is known to be at, the cheapest first.</summary>
    internal IReadOnlyList<BlockPlace> CopiesOf(Cid cid)
    {
        if (List() is { Count: 0 } || _store.Metadata.Get(cid) is not { Copies: { Count: > 0 } copies }) return [];
        return [.. List().Where(place => copies.Any(copy => copy.Place == place.Name))
            .OrderBy(place => place.Cost).ThenBy(place => place.Name, StringComparer.Ordinal)];
    }

    // The default: a client of HTTP would make the library for C and Python larger by a fifth.
    private static BlockBackend OpenDirectory(string location, bool readOnly)
    {
        if (location.Contains("://", StringComparison.Ordinal))
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"{location} is no directory, and of URLs none but http and https is known here");
        }

        if (File.Exists(Path.Combine(location, StoreLayout.ControlName)))
        {
            return CidStore.Open(location, new CidStoreOptions { CreateIfMissing = false, ReadOnly = readOnly })
                .Transfer.AsOwner();
        }

        return Directory.Exists(location) || location.EndsWith('/')
            ? BlockBackend.Folder(location)
            : throw new ArrowCidException(ErrorCode.Io,
                $"no directory {location}; one of files is created if its name ends in /");
    }

    private BlockPlace Require(string name) => Find(name) ??
        throw new ArrowCidException(ErrorCode.NameNotFound, $"there is no place '{name}'");

    private IReadOnlyList<BlockPlace> List(out Cid? table)
    {
        table = _store.Names.Resolve(TableName);
        if (table is not { } cid) return [];
        if (_table is { } known && known.Item1 == cid) return known.Item2;
        try
        {
            IReadOnlyList<BlockPlace> places =
                PlaceTable.Decode(_store.Reading.ReadSettings(cid) ?? throw _store.Proofs.NotHere(cid));
            _table = Tuple.Create(cid, places);
            return places;
        }
        catch (InvalidIpldException e)
        {
            throw new ArrowCidException(ErrorCode.InvalidData,
                $"the name '{TableName}' points to {cid}, which is no table of places ({e.Rule})", e);
        }
    }

    private void Save(IReadOnlyCollection<BlockPlace> places, Cid? before)
    {
        Cid cid = _store.PutRaw(PlaceTable.Encode(places), Multicodec.DagCbor).Cid;
        if (cid == before) return;
        _ = _store.Names.Set(TableName, cid, before);
        // The earlier table is collected with what has expired; if the name points to it again, the name keeps it.
        if (before is { } old) _store.Metadata.Set(old, new BlockMetadata { Expires = _store.Clock.GetUtcNow() });
    }

    /// <summary>Records that a place has blocks that are known here.</summary>
    private void Record(IReadOnlyList<Cid> cids, BlockPlace place, PlaceBackend target)
    {
        var batch = new FactBatch(_store.Registry);
        CopyState?[] known = _store.Registry.Copies.At(cids, place.Name);
        CopyState?[] states = _store.Registry.Copies.Describe(cids);
        for (int i = 0; i < cids.Count; i++)
        {
            if (states[i] is not { } state) continue;
            string form = target.FormOf(cids[i]) ?? known[i]?.Form ?? BlockForm.Block;
            if (known[i] is { } copy && copy.Form == form) continue;
            batch.Add([new CopyFact(cids[i], place.Name, state with { Form = form })]);
        }

        batch.Append();
    }
}
