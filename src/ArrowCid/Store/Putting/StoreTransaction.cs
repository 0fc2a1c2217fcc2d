using System.Collections.Immutable;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Transfer;

namespace ArrowCid;

/// <summary>Blocks, metadata and at most one name that become visible together or not at all. Until the commit nothing
/// of them is in the store.</summary>
/// <param name="store">The store.</param>
/// <param name="isSpooled">Whether the bytes of batches are kept in a temporary file until the commit, so that the
/// batches' memory may go; otherwise each batch is encoded again.</param>
internal sealed class StoreTransaction(CidStore store, bool isSpooled) : IDisposable
{
    private readonly List<TransactionBlock> _blocks = [];
    private readonly List<int> _results = [];
    private readonly List<DatasetBatch> _batches = [];
    private readonly Dictionary<Digest256, CanonicalSchema> _schemas = [];
    private readonly ulong _sweep = store.Blocks.Coordination.ReadSweep();
    private Cid _schema;
    private string? _name;
    private Cid _named;
    private readonly BatchSpool _spool = new();

    /// <summary>The number of batches and raw blocks.</summary>
    public int Count => _results.Count;

    /// <summary>Adds a batch.</summary>
    /// <param name="batch">The batch; its memory is read until the commit, unless it is spooled.</param>
    /// <param name="options">Its metadata, and its name, or null.</param>
    /// <param name="isOfDataset">Whether a dataset is made of it.</param>
    /// <returns>The address of its block.</returns>
    public BlockAddress Add(RecordBatch batch, PutOptions? options, bool isOfDataset = false)
    {
        FactRecord? facts = FactsOf(options);
        using BlockPlan plan = BlockPlan.Of(batch);
        AddSchema(plan.Schema);
        (IBlockSource source, Digest256 digest, Cid dag) = isSpooled || isOfDataset
            ? Spool(plan, isOfDataset)
            : (new RepeatedPlan(batch, plan.Length), plan.Hash(), default);
        var request = new PutRequest(RecordKind.Batch, (uint)Multicodec.Raw, source, plan.Schema.Digest, plan.Rows,
            RecordFlags.OwnEncoder, facts);
        var cid = Cid.FromSha256(Multicodec.Raw, digest);
        AddBlock(request, digest, options?.Name, cid);
        if (isOfDataset) AddToDataset(new DatasetBatch(cid, plan.Rows, plan.Length, dag), plan.Schema);
        return new BlockAddress
        {
            Cid = cid,
            SchemaCid = Cid.FromSha256(Multicodec.Raw, plan.Schema.Digest),
            Rows = plan.Rows,
            ByteLength = plan.Length,
        };
    }

    /// <summary>Adds bytes as a block; those that are a batch's canonical block as that batch.</summary>
    public void AddRaw(ReadOnlyMemory<byte> bytes, PutOptions? options)
    {
        FactRecord? facts = FactsOf(options);
        (PutRequest request, CanonicalSchema? schema) = BlockPutting.RequestOf(bytes);
        if (schema is not null) AddSchema(schema);
        Digest256 digest = Sha256.Hash(bytes.Span);
        AddBlock(request with { Facts = facts }, digest, options?.Name, Cid.FromSha256(Multicodec.Raw, digest));
    }

    /// <summary>Commits everything.</summary>
    /// <param name="name">A name for the only batch; null for none but that of its metadata.</param>
    /// <returns>The result for each batch and raw block, in the order in which they were added.</returns>
    public PutResult[] Commit(string? name = null)
    {
        if (name is not null) (_name, _named) = (name, _batches[0].Cid);
        return Commit([], _name, _named, new NameExpectation(IsAny: true, null)).Results;
    }

    /// <summary>Commits everything with a dataset of all batches.</summary>
    /// <param name="options">The name and the other metadata of the dataset in the store.</param>
    /// <param name="metadata">The metadata that are part of the dataset.</param>
    /// <param name="parents">The datasets that it was made of.</param>
    /// <param name="isAppended">Whether the batches are added to those of the dataset that the name points to.</param>
    /// <returns>The results of the batches and of the dataset.</returns>
    public (PutResult[] Batches, PutResult Dataset) CommitDataset(PutOptions options,
        IReadOnlyDictionary<string, string> metadata, IReadOnlyList<Cid> parents, bool isAppended)
    {
        string name = options.Name!;
        while (true)
        {
            Cid? current = isAppended ? store.Names.Resolve(name) : null;
            Dataset? old = current is { } pointed ? store.Datasets.DatasetToAppendTo(name, pointed) : null;
            if (old is not null && old.Schema != _schema) throw OtherSchema();
            var dataset = new Dataset(_schema, [.. old?.Batches ?? [], .. _batches], old?.Parents ?? [.. parents],
                old?.Meta ?? metadata.ToImmutableSortedDictionary(StringComparer.Ordinal));
            List<TransactionBlock> nodes = NodesOf(dataset, options, out Cid root);
            try
            {
                (PutResult[] results, PutResult last) = Commit(nodes, name, root,
                    new NameExpectation(IsAny: !isAppended, current));
                var address = new BlockAddress
                {
                    Cid = root,
                    SchemaCid = dataset.Schema,
                    Rows = dataset.Rows,
                    ByteLength = dataset.ByteLength,
                };
                return (results, last with { Address = address });
            }
            catch (ArrowCidException e)
                when (isAppended && e.Code is ErrorCode.NameConflict or ErrorCode.NameExists)
            {
                // Another append came first: this one is made on top of it.
            }
        }
    }

    public void Dispose() => _spool.Dispose();

    /// <summary>The nodes of a dataset, the root last, which has the metadata.</summary>
    private List<TransactionBlock> NodesOf(Dataset dataset, PutOptions options, out Cid root)
    {
        var nodes = new List<TransactionBlock>();
        root = default;
        foreach ((Cid cid, byte[] block) in dataset.Encode())
        {
            root = cid;
            var request = new PutRequest(RecordKind.Raw, (uint)Multicodec.DagCbor, new RawBlock(block), default, 0,
                RecordFlags.None);
            nodes.Add(new TransactionBlock(request, Sha256.Hash(block)));
        }

        nodes[^1] = nodes[^1] with { Request = nodes[^1].Request with { Facts = FactsOf(options) } };
        return nodes;
    }

    private void AddBlock(PutRequest request, Digest256 digest, string? name, Cid cid)
    {
        _results.Add(_blocks.Count);
        _blocks.Add(new TransactionBlock(request, digest));
        if (name is null) return;
        if (_name is not null)
            throw new ArrowCidException(ErrorCode.InvalidArgument, "a transaction gives at most one name");
        (_name, _named) = (name, cid);
    }

    /// <summary>Adds a schema that the store does not have, before the first batch that needs it.</summary>
    private void AddSchema(CanonicalSchema schema)
    {
        if (!_schemas.TryAdd(schema.Digest, schema) || store.Blocks.Schemas.IsLasting(schema, _sweep)) return;
        _blocks.Add(new TransactionBlock(SchemaBlock.RequestOf(schema), schema.Digest));
    }

    private void AddToDataset(DatasetBatch batch, CanonicalSchema schema)
    {
        var cid = Cid.FromSha256(Multicodec.Raw, schema.Digest);
        if (_batches.Count > 0 && cid != _schema) throw OtherSchema();
        _schema = cid;
        _batches.Add(batch);
    }

    private static ArrowCidException OtherSchema() => new(ErrorCode.SchemaMismatch,
        "the batch has another schema than the batches before it; a dataset has one");

    private FactRecord? FactsOf(PutOptions? options) =>
        options is null ? store.Registry.Facts.RecordOfPut() : store.Putting.FactsOf(options);

    /// <summary>Encodes the block once into the temporary file, and adds it up as a UnixFS file where a dataset
    /// links it.</summary>
    private (IBlockSource Source, Digest256 Digest, Cid Dag) Spool(BlockPlan plan, bool isOfDataset)
    {
        Cid dag = default;
        bool isLinked = isOfDataset && plan.Length > Dataset.MaxLinked;
        SpooledBatch spooled = _spool.Add(plan, isHashed: true,
            isLinked ? bytes => dag = UnixFsDag.Of(bytes.Span, UnixFsProfile.V1Of2025).Root : null);
        return (spooled, spooled.Digest, dag);
    }

    private (PutResult[] Results, PutResult Last) Commit(List<TransactionBlock> more, string? name, Cid named,
        NameExpectation expected)
    {
        TransactionBlock[] all = [.. _blocks, .. more];
        if (all.Length == 0) return ([], default);
        var infos = new BlockInfo[all.Length];
        var areNew = new bool[all.Length];
        if (name is null)
        {
            _ = store.Blocks.PutTransaction(all, [], infos, areNew);
        }
        else
        {
            store.Names.SetWith(name, named, expected,
                fact => store.Blocks.PutTransaction(all, [fact], infos, areNew));
        }

        store.Blocks.Schemas.Keep(_schemas.Values, _sweep);
        PutResult[] results = [.. _results.Select(at => BlockProof.ResultOf(in infos[at], areNew[at]))];
        return (results, BlockProof.ResultOf(in infos[^1], areNew[^1]));
    }

    /// <summary>A batch that is encoded again, so that no more than one plan is held at a time.</summary>
    private sealed class RepeatedPlan(RecordBatch batch, int length) : IBlockSource
    {
        public int Length => length;

        public Digest256 WriteTo(Span<byte> destination)
        {
            using BlockPlan plan = BlockPlan.Of(batch);
            return plan.Length == length
                ? plan.WriteTo(destination)
                : throw new ArrowCidException(ErrorCode.InvalidData,
                    "a batch changed while it was put; nothing was stored");
        }
    }
}
