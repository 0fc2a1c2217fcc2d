using System.Collections.Concurrent;
using ArrowCid.Columnar;
using ArrowCid.Flight.Protocol;
using ArrowCid.Ipc;
using ArrowCid.Storage;

namespace ArrowCid.Server.Service;

/// <summary>Finds what requests name.</summary>
internal sealed class BlockStreams(CidStore store)
{
    // A cache of schemas that forgets everything rather than grow without end.
    private const int MostSchemas = 4096;

    // The addresses of this many batches of recently requested datasets are kept: a client that comes again, for rows
    // or for the stream after its information, does not wait until all of them are looked up again.
    private const int MostKnown = 1 << 16, MostDatasets = 64;

    private readonly ConcurrentDictionary<Cid, Schema> _schemas = new();
    private readonly Lock _lock = new();
    private readonly LinkedList<KnownDataset> _known = [];
    private int _knownBlocks;

    /// <summary>Finds every batch of a request.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>,
    /// <see cref="ErrorCode.NameNotFound"/>; <see cref="ErrorCode.SchemaMismatch"/>: not batches, or of several
    /// schemas.</exception>
    public BlockStream Find(Request request)
    {
        var leases = new NamedLeases();
        try
        {
            return Find(request, leases);
        }
        catch
        {
            leases.Dispose();
            throw;
        }
    }

    private BlockStream Find(Request request, NamedLeases leases)
    {
        var blocks = new List<BlockAddress>();
        foreach (Cid cid in CidsOf(request)) AddBlocks(cid, blocks, leases);
        if (blocks.Count == 0) throw new ArrowCidException(ErrorCode.InvalidArgument, "a request names no block");
        BlockAddress first = blocks[0];
        if (blocks.Find(block => block.SchemaCid != first.SchemaCid) is { Cid.IsDefault: false } other)
        {
            throw new ArrowCidException(ErrorCode.SchemaMismatch,
                $"{other.Cid} has another schema than {first.Cid}; one stream has one, so ask for them one by one");
        }

        Schema schema = ColumnChoice.Of(SchemaOf(in first, leases[first.Cid]), request.Columns);
        return new BlockStream(first.SchemaCid, schema, blocks, leases);
    }

    /// <summary>The schema of a stored batch.</summary>
    /// <param name="block">The batch.</param>
    /// <param name="lease">A lease on it; null where it is to be found.</param>
    public Schema SchemaOf(in BlockAddress block, RecordLease? lease = null)
    {
        if (_schemas.TryGetValue(block.SchemaCid, out Schema? known)) return known;
        using RecordLease? found = lease is null ? Lease(block.Cid) : null;
        Schema schema = store.Proofs.Read(lease ?? found!).Schema;
        if (_schemas.Count >= MostSchemas) _schemas.Clear();
        return _schemas.GetOrAdd(block.SchemaCid, schema);
    }

    /// <summary>What a client hears of a block that is not here.</summary>
    public static ArrowCidException NotHere(CidStore store, Cid cid) =>
        store.Proofs.NotHere(cid, $"no block {cid} here");

    private IEnumerable<Cid> CidsOf(Request request)
    {
        if (request.Name.Length == 0) return request.Cids.Select(Cid.Parse);
        Cid cid = store.Names.Resolve(request.Name) ?? throw new ArrowCidException(ErrorCode.NameNotFound,
            $"'{request.Name}' is no name here, and no CID");
        return request.Cids.Select(Cid.Parse).Append(cid);
    }

    private void AddBlocks(Cid cid, List<BlockAddress> blocks, NamedLeases leases)
    {
        if (cid.Codec != Multicodec.DagCbor)
        {
            RecordLease lease = Lease(cid);
            blocks.Add(BlockProof.AddressOf(lease.Info));
            leases.Keep(cid, lease);
            return;
        }

        if (!store.Reading.IsReadable(cid)) throw NotHere(store, cid);
        if (Known(cid) is { } known)
        {
            RequireHere(known);
            blocks.AddRange(known);
            return;
        }

        IReadOnlyList<Cid> batches = store.Datasets.TryGet(cid) ?? throw NotHere(store, cid);
        BlockAddress[] found = [.. batches.Select(AddressOf)];
        Keep(cid, found);
        blocks.AddRange(found);
    }

    private BlockAddress[]? Known(Cid dataset)
    {
        lock (_lock)
        {
            for (LinkedListNode<KnownDataset>? node = _known.First; node is not null; node = node.Next)
            {
                if (node.Value.Cid != dataset) continue;
                _known.Remove(node);
                _known.AddFirst(node);
                return node.Value.Blocks;
            }
        }

        return null;
    }

    private void Keep(Cid dataset, BlockAddress[] blocks)
    {
        if (blocks.Length > MostKnown) return;
        lock (_lock)
        {
            _known.AddFirst(new KnownDataset(dataset, blocks));
            _knownBlocks += blocks.Length;
            while (_knownBlocks > MostKnown || _known.Count > MostDatasets)
            {
                _knownBlocks -= _known.Last!.Value.Blocks.Length;
                _known.RemoveLast();
            }
        }
    }

    /// <summary>A dataset is always of the same batches, which are not always here.</summary>
    private void RequireHere(BlockAddress[] blocks)
    {
        const int Piece = 64;
        Span<Cid> cids = new Cid[Piece];
        Span<bool> found = stackalloc bool[Piece];
        for (int at = 0; at < blocks.Length; at += Piece)
        {
            int count = Math.Min(Piece, blocks.Length - at);
            for (int i = 0; i < count; i++) cids[i] = blocks[at + i].Cid;
            store.ContainsMany(cids[..count], found);
            for (int i = 0; i < count; i++)
            {
                if (!found[i] && !store.Reading.IsReadable(cids[i])) throw NotHere(store, cids[i]);
            }
        }
    }

    private BlockAddress AddressOf(Cid cid)
    {
        // What is fetched when it is sent need not be here before.
        if (!store.Contains(cid) && store.Core.Fill?.AddressOf(cid) is { } address) return address;
        using RecordLease lease = Lease(cid);
        return BlockProof.AddressOf(lease.Info);
    }

    private RecordLease Lease(Cid cid)
    {
        RecordLease lease = store.Reading.LeaseUnproved(cid) ?? throw NotHere(store, cid);
        if (lease.Kind == RecordKind.Batch) return lease;
        lease.Dispose();
        throw new ArrowCidException(ErrorCode.SchemaMismatch,
            $"{cid} is not a batch; the HTTP gateway has blocks of every kind");
    }

    private sealed record KnownDataset(Cid Cid, BlockAddress[] Blocks);
}
