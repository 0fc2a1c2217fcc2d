using System.Collections.Immutable;
using ArrowCid.Columnar;
using ArrowCid.Ipld;
using ArrowCid.Storage;
using ArrowCid.Transfer;

namespace ArrowCid;

/// <summary>Datasets: ordered lists of batches of one schema under one CID.</summary>
public sealed partial class StoreDatasets
{
    private readonly CidStore _store;

    internal StoreDatasets(CidStore store) => _store = store;

    /// <summary>
    /// Puts a dataset node: batches of one schema, in order, under one CID, which depends on these arguments alone. A
    /// name, pin or hold of it keeps them all.
    /// </summary>
    /// <param name="batches">The batches, which are here; at least one.</param>
    /// <param name="metadata">Its metadata, which is part of its CID.</param>
    /// <param name="parents">The datasets that it was made of, in this order; they need not be here.</param>
    /// <returns>The node's CID, the schema's, and the rows and bytes of all batches.</returns>
    /// <exception cref="ArgumentException">No batch, or a parent that is no dataset's CID.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: a batch is not here;
    /// <see cref="ErrorCode.SchemaMismatch"/>: batches of several schemas; <see cref="ErrorCode.TooLarge"/>: the node
    /// would be over 1 MiB; <see cref="ErrorCode.BlockCorrupt"/>: a batch's bytes are damaged. Others as for
    /// <see cref="CidStore.PutRaw"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public PutResult Put(IReadOnlyList<Cid> batches, IReadOnlyDictionary<string, string>? metadata = null,
        IReadOnlyList<Cid>? parents = null)
    {
        ArgumentNullException.ThrowIfNull(batches);
        if (batches.Count == 0) throw new ArgumentException("A dataset has at least one batch.", nameof(batches));
        foreach (Cid parent in parents ?? [])
        {
            if (parent.Version != 1 || parent.Codec != Multicodec.DagCbor || !parent.Hash.IsSha256)
                throw new ArgumentException($"{parent} is no dataset's CID.", nameof(parents));
        }

        ulong sweep = _store.Blocks.Coordination.ReadSweep();
        return PutNodes(ItemsOf(batches, [], null), [.. parents ?? []],
            (metadata ?? ImmutableDictionary<string, string>.Empty)
                .ToImmutableSortedDictionary(StringComparer.Ordinal), sweep);
    }

    /// <summary>
    /// Puts a dataset node, as the other overload does, with metadata of the dataset in the store: tags, a producer, a
    /// pin and so on, on which its CID does not depend. Once the name points to the dataset, all of it is there.
    /// </summary>
    /// <param name="batches">The batches, which are here; at least one.</param>
    /// <param name="options">The metadata and the name of the dataset in this store.</param>
    /// <param name="metadata">The metadata that are part of the dataset, and of its CID.</param>
    /// <param name="parents">The datasets that it was made of, in this order; they need not be here.</param>
    /// <returns>The node's CID, the schema's, and the rows and bytes of all batches.</returns>
    /// <exception cref="ArgumentException">As for the other overload.</exception>
    /// <exception cref="ArrowCidException">As for the other overload, and <see cref="ErrorCode.InvalidArgument"/> or
    /// <see cref="ErrorCode.TooLarge"/>: an option is over a limit, and no dataset was put;
    /// <see cref="ErrorCode.Unsupported"/>: a name or pin in a ring.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public PutResult Put(IReadOnlyList<Cid> batches, PutOptions options,
        IReadOnlyDictionary<string, string>? metadata = null, IReadOnlyList<Cid>? parents = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _store.Putting.Check(options);
        PutResult put = Put(batches, metadata, parents);
        _store.Metadata.Set(put.Cid, options);
        if (options.Pin) _store.Retention.Pin(put.Cid);
        if (options.Name is { } name) _ = _store.Names.Set(name, put.Cid);
        return put;
    }

    /// <summary>The batches of a dataset.</summary>
    /// <param name="cid">The dataset's CID.</param>
    /// <returns>The batches' CIDs in order; null where the dataset is not here.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: the block is no dataset;
    /// <see cref="ErrorCode.BlockNotFound"/>: a page of it is not here.</exception>
    public IReadOnlyList<Cid>? TryGet(Cid cid) => Read(cid)?.Batches.Select(batch => batch.Cid).ToArray();

    /// <summary>One column of a batch of which a column manifest is here, and not the batch: only the manifest and the
    /// pieces of its head and of that column need be here.</summary>
    /// <param name="manifest">The manifest's CID.</param>
    /// <param name="column">The column's name, case-sensitive; of several of one name the first.</param>
    /// <returns>A batch of that one column, in memory of its own; null where the manifest is not here.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="BatchColumn.ReadView(Cid, string, Func{Cid,
    /// byte[]})"/>.</exception>
    internal RecordBatch? TryGetColumnView(Cid manifest, string column)
    {
        if (!_store.Contains(manifest)) return null;
        return BatchColumn.ReadView(manifest, column, cid =>
        {
            using RecordLease? block = _store.Reading.Find(cid);
            return block?.Memory.ToArray();
        });
    }

    internal Dataset? Read(Cid cid)
    {
        if (cid.Codec != Multicodec.DagCbor) return null;
        if (_store.Reading.ReadNode(cid) is not { } node) return null;
        var dataset = Dataset.Decode(node, _store.Reading.ReadNode);
        if (_store.Core.Fill is not null) _store.Places.Cache.Learn(cid, dataset);
        return dataset;
    }

    /// <summary>Batches of the store as those of a dataset, after others of its schema.</summary>
    private ImmutableArray<DatasetBatch> ItemsOf(IReadOnlyList<Cid> batches, ImmutableArray<DatasetBatch> before,
        Cid? schema)
    {
        ImmutableArray<DatasetBatch>.Builder items =
            ImmutableArray.CreateBuilder<DatasetBatch>(before.Length + batches.Count);
        items.AddRange(before);
        foreach (Cid cid in batches)
        {
            using RecordLease block = _store.Reading.Find(cid) ?? throw _store.Proofs.NotHere(cid);
            BlockInfo info = block.Info;
            if (info.Kind != RecordKind.Batch)
                throw new ArrowCidException(ErrorCode.SchemaMismatch, $"{cid} is not a batch; a dataset is of batches");
            var own = Cid.FromSha256(Multicodec.Raw, info.SchemaDigest);
            if (schema is { } first && first != own)
            {
                throw new ArrowCidException(ErrorCode.SchemaMismatch,
                    $"{cid} has another schema than the batches before it; a dataset has one");
            }

            schema = own;
            items.Add(new DatasetBatch(cid, info.Rows, info.Length, _store.Reading.DagOf(block)));
        }

        return items.MoveToImmutable();
    }

    private PutResult PutNodes(ImmutableArray<DatasetBatch> items, ImmutableArray<Cid> parents,
        ImmutableSortedDictionary<string, string> metadata, ulong sweep)
    {
        using RecordLease first = _store.Reading.Find(items[0].Cid) ?? throw _store.Proofs.NotHere(items[0].Cid);
        var dataset = new Dataset(Cid.FromSha256(Multicodec.Raw, first.Info.SchemaDigest), items, parents, metadata);
        PutResult put = default;
        List<Cid> together = [dataset.Schema, .. items.Select(item => item.Cid)];
        foreach ((_, byte[] block) in dataset.Encode())
        {
            put = _store.PutRaw(block, Multicodec.DagCbor);
            together.Add(put.Cid);
        }

        _store.Registry.Pins.KeepTogether(together, sweep);
        return put with
        {
            Address = new()
            {
                Cid = put.Cid,
                SchemaCid = dataset.Schema,
                Rows = dataset.Rows,
                ByteLength = dataset.ByteLength,
            }
        };
    }
}
