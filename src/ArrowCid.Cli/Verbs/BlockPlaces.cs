using ArrowCid.Columnar;
using ArrowCid.Ipld;
using ArrowCid.Signing;
using ArrowCid.Transfer;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Cli.Verbs;

/// <summary>A store and additional sources, opened once for a verb that takes CIDs. What comes from elsewhere is
/// proved.</summary>
internal sealed class BlockPlaces : IDisposable
{
    private readonly List<CidStore> _stores = [];
    private readonly CidStore? _store;
    private bool _isStoreAlone, _fills;
    private BlockBackend? _all;

    private BlockPlaces(CidStore? store) => _store = store;

    /// <summary>All of them as one.</summary>
    public BlockBackend All => _all!;

    /// <summary>Opens places.</summary>
    /// <param name="store">The store that is asked first, and closed with this; or null.</param>
    /// <param name="texts">The others; none only where there is a store.</param>
    /// <param name="from">The option or variable that names them.</param>
    /// <param name="fill">Whether the store keeps what came from elsewhere.</param>
    /// <param name="table">The store whose places have names, where its blocks are not asked for.</param>
    /// <param name="followsLocations">Whether the locations that are recorded for a block are asked last.</param>
    public static BlockPlaces Open(CidStore? store, IReadOnlyList<string> texts, string from, bool fill,
        CidStore? table = null, bool followsLocations = false)
    {
        table ??= store;
        bool hasPlaces = table?.Places.List().Count > 0;
        var places = new BlockPlaces(store)
        {
            _isStoreAlone = texts.Count == 0 && !hasPlaces,
            _fills = fill,
        };
        try
        {
            if (fill && store is not null)
            {
                places._stores.Add(store);
                places._all = store.Places.Cache.AsBackend([.. texts.Select(text => PlaceOf(text, from, table))]);
                return places;
            }

            var backends = new List<BlockBackend>();
            if (store is not null) backends.Add(places.Add(store));
            foreach (string text in texts) backends.Add(PlaceOf(text, from, table));
            HedgedSources.Join(backends);
            // What no given source has is read from the places of the store.
            bool readsPlaces = (hasPlaces && (store is not null || texts.Count == 0)) ||
                (followsLocations && store is not null);
            if (readsPlaces) backends.Add(table!.Places.AsBackend(followsLocations));
            places._all = BlockBackend.Several(backends, fill);
            return places;
        }
        catch
        {
            places.Dispose();
            throw;
        }
    }

    /// <summary>The CID that is meant. Names are the store's.</summary>
    public Cid Resolve(string text) => _store is null ? Cid.Parse(text) : BlockReference.Resolve(_store, text);

    /// <summary>The block that a name of the store points to; null if there is no such name.</summary>
    public Cid? ResolveName(string name) => _store?.Names.Resolve(name);

    /// <summary>The store's names of blocks.</summary>
    public Dictionary<string, Cid> NamesOf(IEnumerable<Cid> cids)
    {
        CidStore store = _store ??
            throw new ArrowCidException(ErrorCode.StoreGone, "there is no store, and so no name");
        return cids.Distinct()
            .SelectMany(cid => store.Metadata.Get(cid)?.Names ?? [], (cid, name) => (Name: name, Cid: cid))
            .ToDictionary(each => each.Name, each => each.Cid);
    }

    /// <summary>The signed statements in the store about blocks; none where there is no store.</summary>
    public IReadOnlyList<SignedStatement> StatementsAbout(IEnumerable<Cid> cids) =>
        _store is { } store ? store.Signatures.About(cids) : [];

    /// <summary>The CIDs that are meant. Where there is the store alone, all of them must be in it before anything is
    /// done with one.</summary>
    public Cid[] ResolvePresent(string[] texts) => _isStoreAlone
        ? BlockReference.ResolvePresent(_store!, texts)
        : Array.ConvertAll(texts, Resolve);

    /// <summary>A block that must be at one of them, proved.</summary>
    public BlockLease Get(Cid cid)
    {
        try
        {
            return All.TryGet(cid) ??
                throw (_isStoreAlone ? CommandError.NoBlock(cid.ToString(), _store!) : NotHere(cid));
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt && _store is { IsReadOnly: true })
        {
            StoreReading.RecordDamage(_store.Directory, [cid]);
            throw;
        }
    }

    /// <summary>Finds bytes of blocks in memory of their own, proved; null where no place has them. The pieces of a
    /// column manifest that was found before are ranges of its batch.</summary>
    public Func<Cid, byte[]?> FindDerived()
    {
        var blocks = new DerivedBlocks(cid => All.TryGet(cid));
        return cid => blocks.Read(cid)?.ToArray();
    }

    /// <summary>A batch that must be in one of them. The store's bytes are verified as its options require.</summary>
    /// <returns>The batch, readable until its owner is disposed of.</returns>
    public (RecordBatch Batch, IDisposable Owner) GetBatch(Cid cid)
    {
        if (TryLease(cid, isProved: false) is { } lease) return (lease.View, lease);
        HeldBatch held = GetElsewhere(cid);
        return (held.Batch, held.Owner);
    }

    /// <summary>As <see cref="GetBatch"/>, with its block, whose bytes are proved in any case.</summary>
    public HeldBatch GetProved(Cid cid) => TryLease(cid, isProved: true)?.Hold() ?? GetElsewhere(cid);

    /// <summary>Batches, each readable until the next.</summary>
    public IEnumerable<RecordBatch> GetBatches(IEnumerable<Cid> cids)
    {
        foreach (Cid cid in cids)
        {
            (RecordBatch batch, IDisposable owner) = GetBatch(cid);
            using (owner) yield return batch;
        }
    }

    /// <summary>Columns of a batch, a dataset or a column manifest. Of a batch that is elsewhere they alone are read
    /// where its column manifest is known.</summary>
    /// <param name="cid">The block.</param>
    /// <param name="columns">The names.</param>
    /// <param name="ahead">How many batches are read before they are asked for.</param>
    /// <returns>The batches, each readable until the next.</returns>
    public IEnumerable<RecordBatch> GetColumns(Cid cid, IReadOnlyList<string> columns, int ahead = 4) =>
        _store is { } store
            ? store.Places.Columns.Read(cid, columns, All, _fills, ahead)
            : BatchColumn.ReadViews(All, cid, columns);

    /// <summary>As <see cref="StoreTransfer.ExportCar"/>, of what is at any of them.</summary>
    public CarExport ExportCar(IReadOnlyList<Cid> cids, Stream output, CarExportOptions options,
        IProgress<OperationProgress> progress) => _isStoreAlone
        ? _store!.Transfer.ExportCar(cids, output, options, progress)
        : All.ExportCar(cids, output, options, progress);

    /// <summary>Proves a block at these places: its bytes, and of an Arrow stream its form.</summary>
    /// <returns>Null where no place has it.</returns>
    public VerifyResult? Verify(Cid cid)
    {
        try
        {
            using BlockLease? block = All.TryGet(cid);
            if (block is null) return null;
            bool isStream = cid.Codec == Multicodec.Raw && block.Bytes.Span.StartsWith<byte>([0xff, 0xff, 0xff, 0xff]);
            try
            {
                if (isStream) _ = block.ReadView();
            }
            catch (ArrowCidException e) when (e.Code == ErrorCode.SchemaMismatch)
            {
                // It only begins like one, or is a schema.
            }

            return new VerifyResult
            {
                Cid = cid,
                Location = All.Name,
                ByteLength = block.Bytes.Length,
                Error = null,
            };
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.BlockCorrupt or ErrorCode.NotCanonical)
        {
            return new VerifyResult { Cid = cid, Location = All.Name, ByteLength = 0, Error = e };
        }
    }

    /// <summary>A dataset; null where the block is a batch or of another kind.</summary>
    public Dataset? FindDataset(Cid cid)
    {
        if (cid.Codec != Multicodec.DagCbor) return null;
        IpldNode node = ReadNode(cid);
        return ManifestNode.KindOf(node) == Dataset.Kind ? Dataset.Decode(node, ReadNode) : null;
    }

    /// <summary>A block's CID, or those of a dataset's batches, of which there must be one.</summary>
    public IReadOnlyList<Cid> BatchesOf(Cid cid) => cid.Codec != Multicodec.DagCbor
        ? [cid]
        : ExportRows.BatchesOf(cid, Dataset.Decode(ReadNode(cid), ReadNode));

    public void Dispose()
    {
        _all?.Dispose();
        foreach (CidStore store in _stores) store.Dispose();
    }

    private HeldBatch GetElsewhere(Cid cid)
    {
        BlockLease block = Get(cid);
        try
        {
            return new HeldBatch(block.ReadView(), block.Bytes, block);
        }
        catch
        {
            block.Dispose();
            throw;
        }
    }

    private BatchLease? TryLease(Cid cid, bool isProved)
    {
        try
        {
            return isProved ? _store?.Reading.TryGetProved(cid) : _store?.TryGet(cid);
        }
        catch (ArrowCidException e) when (!_isStoreAlone && e.Code is ErrorCode.BlockCorrupt or ErrorCode.NotCanonical)
        {
            // Another place may have it whole; where none has, the error is said again.
            return null;
        }
    }

    private IpldNode ReadNode(Cid cid)
    {
        using BlockLease block = Get(cid);
        return DagCbor.Decode(block.Bytes.Span);
    }

    private ArrowCidException NotHere(Cid cid) =>
        new(ErrorCode.BlockNotFound, $"no block {cid} at {All.Name}");

    private static BlockBackend PlaceOf(string text, string from, CidStore? table)
    {
        if (!Locations.IsLocation(text) && table?.Places.Find(text) is { } place)
            return table.Places.Open(place, readOnly: true);
        try
        {
            return Locations.Open(text, isReadOnly: true);
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.InvalidArgument or ErrorCode.Io)
        {
            throw new ArrowCidException(e.Code, $"{from}: {e.Message}", e);
        }
    }

    private BlockBackend Add(CidStore store)
    {
        _stores.Add(store);
        return store.Transfer.AsBackend();
    }
}
