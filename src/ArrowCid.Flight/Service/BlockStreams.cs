using System.Collections.Concurrent;
using ArrowCid.Columnar;
using ArrowCid.Flight.Protocol;
using ArrowCid.Ipc;
using ArrowCid.Storage;

namespace ArrowCid.Flight.Service;

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
        var blocks = new List<BlockAddress>();
        foreach (Cid cid in CidsOf(request)) AddBlocks(cid, blocks);
        if (blocks.Count == 0) throw new ArrowCidException(ErrorCode.InvalidArgument, "a request names no block");
        BlockAddress first = blocks[0];
        if (blocks.Find(block => block.SchemaCid != first.SchemaCid) is { Cid.IsDefault: false } other)
        {
            throw new ArrowCidException(ErrorCode.SchemaMismatch,
                $"{other.Cid} has another schema than {first.Cid}; one stream has one, so ask for them one by one");
        }

        return new BlockStream(first.SchemaCid, Project(SchemaOf(first), request.Columns), blocks);
    }

    /// <summary>The schema of a stored batch.</summary>
    public Schema SchemaOf(in BlockAddress block)
    {
        if (_schemas.TryGetValue(block.SchemaCid, out Schema? known)) return known;
        using BatchLease lease = store.TryGet(block.Cid) ?? throw NotHere(store, block.Cid);
        Schema schema = lease.View.Schema;
        if (_schemas.Count >= MostSchemas) _schemas.Clear();
        return _schemas.GetOrAdd(block.SchemaCid, schema);
    }

    /// <summary>The batch's columns that a request asks for.</summary>
    public static RecordBatch Project(RecordBatch batch, Schema schema, IReadOnlyList<string> columns) =>
        columns.Count == 0
            ? batch
            : new RecordBatch(schema, batch.Length, [.. columns.Select(name => batch.Column(name))]);

    /// <summary>The batch's columns of these names; all where there are none.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: the batch has no such
    /// column.</exception>
    public static RecordBatch Project(RecordBatch batch, IReadOnlyList<string> columns) =>
        Project(batch, Project(batch.Schema, columns), columns);

    /// <summary>The error for a block that is not stored.</summary>
    public static ArrowCidException NotHere(CidStore store, Cid cid) => store.NotHere(cid, $"no block {cid} here");

    private static Schema Project(Schema schema, IReadOnlyList<string> columns)
    {
        if (columns.Count == 0) return schema;
        return new Schema(columns.Select(name => schema.IndexOf(name) is >= 0 and int index
            ? schema.Fields[index]
            : throw new ArrowCidException(ErrorCode.InvalidArgument, $"there is no column '{name}'")), schema.Metadata);
    }

    private IEnumerable<Cid> CidsOf(Request request)
    {
        if (request.Name.Length == 0) return request.Cids.Select(Cid.Parse);
        Cid cid = store.ResolveName(request.Name) ?? throw new ArrowCidException(ErrorCode.NameNotFound,
            $"'{request.Name}' is no name here, and no CID");
        return request.Cids.Select(Cid.Parse).Append(cid);
    }

    private void AddBlocks(Cid cid, List<BlockAddress> blocks)
    {
        if (cid.Codec != Multicodec.DagCbor)
        {
            blocks.Add(AddressOf(cid));
            return;
        }

        if (!store.Contains(cid)) throw NotHere(store, cid);
        if (Known(cid) is { } known)
        {
            RequireHere(known);
            blocks.AddRange(known);
            return;
        }

        IReadOnlyList<Cid> batches = store.TryGetDataset(cid) ?? throw NotHere(store, cid);
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
            if (found[..count].IndexOf(false) is >= 0 and int missing) throw NotHere(store, cids[missing]);
        }
    }

    private BlockAddress AddressOf(Cid cid)
    {
        if (!store.TryFindAny(cid, out BlockInfo info)) throw NotHere(store, cid);
        return info.Kind == RecordKind.Batch
            ? CidStore.AddressOf(in info)
            : throw new ArrowCidException(ErrorCode.SchemaMismatch,
                $"{cid} is not a batch; the HTTP gateway has blocks of every kind");
    }

    private sealed record KnownDataset(Cid Cid, BlockAddress[] Blocks);
}
