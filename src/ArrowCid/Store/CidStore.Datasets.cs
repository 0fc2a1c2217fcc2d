using System.Collections.Immutable;
using ArrowCid.Columnar;
using ArrowCid.Transfer;
using ArrowCid.Ipld;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Datasets (<c>Ipld/MANIFESTS.md</c>).</summary>
public sealed partial class CidStore
{
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
    /// <see cref="PutRaw"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public PutResult PutDataset(IReadOnlyList<Cid> batches, IReadOnlyDictionary<string, string>? metadata = null,
        IReadOnlyList<Cid>? parents = null)
    {
        ArgumentNullException.ThrowIfNull(batches);
        if (batches.Count == 0) throw new ArgumentException("A dataset has at least one batch.", nameof(batches));
        foreach (Cid parent in parents ?? [])
        {
            if (parent.Version != 1 || parent.Codec != Multicodec.DagCbor || !parent.Hash.IsSha256)
                throw new ArgumentException($"{parent} is no dataset's CID.", nameof(parents));
        }

        ulong sweep = _blocks.ReadSweep();
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
    public PutResult PutDataset(IReadOnlyList<Cid> batches, PutOptions options,
        IReadOnlyDictionary<string, string>? metadata = null, IReadOnlyList<Cid>? parents = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check(options);
        PutResult put = PutDataset(batches, metadata, parents);
        Annotate(put.Cid, options);
        if (options.Pin) Pin(put.Cid);
        if (options.Name is { } name) _ = SetName(name, put.Cid);
        return put;
    }

    /// <summary>Throws where a put could not keep what is said with it, before anything is put.</summary>
    internal void Check(PutOptions options) => _ = _registry.RecordOfPut(options, options.Pin, options.Name);

    /// <summary>The batches of a dataset.</summary>
    /// <param name="cid">The dataset's CID.</param>
    /// <returns>The batches' CIDs in order; null where the dataset is not here.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: the block is no dataset;
    /// <see cref="ErrorCode.BlockNotFound"/>: a page of it is not here.</exception>
    public IReadOnlyList<Cid>? TryGetDataset(Cid cid) => ReadDataset(cid)?.Batches.Select(batch => batch.Cid).ToArray();

    /// <summary>One column of a batch of which a column manifest is here, and not the batch: only the manifest and the
    /// pieces of its head and of that column need be here.</summary>
    /// <param name="manifest">The manifest's CID.</param>
    /// <param name="column">The column's name, case-sensitive; of several of one name the first.</param>
    /// <returns>A batch of that one column, in memory of its own; null where the manifest is not here.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="BatchColumn.ReadView(Cid, string, Func{Cid,
    /// byte[]})"/>.</exception>
    internal RecordBatch? TryGetColumnView(Cid manifest, string column)
    {
        if (!Contains(manifest)) return null;
        return BatchColumn.ReadView(manifest, column, cid =>
        {
            using BlockLease? block = Find(cid);
            return block?.Memory.ToArray();
        });
    }

    internal Dataset? ReadDataset(Cid cid)
    {
        if (cid.Codec != Multicodec.DagCbor) return null;
        return ReadNode(cid) is { } node ? Dataset.Decode(node, ReadNode) : null;
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
            using BlockLease block = Find(cid) ?? throw NotHere(cid);
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
            items.Add(new DatasetBatch(cid, info.Rows, info.Length, DagOf(block)));
        }

        return items.MoveToImmutable();
    }

    private PutResult PutNodes(ImmutableArray<DatasetBatch> items, ImmutableArray<Cid> parents,
        ImmutableSortedDictionary<string, string> metadata, ulong sweep)
    {
        using BlockLease first = Find(items[0].Cid) ?? throw NotHere(items[0].Cid);
        var dataset = new Dataset(Cid.FromSha256(Multicodec.Raw, first.Info.SchemaDigest), items, parents, metadata);
        PutResult put = default;
        List<Cid> together = [dataset.Schema, .. items.Select(item => item.Cid)];
        foreach ((_, byte[] block) in dataset.Encode())
        {
            put = PutBlock(Multicodec.DagCbor, block);
            together.Add(put.Cid);
        }

        _registry.KeepTogether(together, sweep);
        return put with { Address = new(put.Cid, dataset.Schema, dataset.Rows, dataset.ByteLength) };
    }

    /// <summary>The root of a block as a UnixFS file, where a manifest does not link to the block itself.</summary>
    private Cid DagOf(BlockLease block)
    {
        if (block.Info.Length <= Dataset.MaxLinked) return default;
        ProveHash(block, block.Info);
        return UnixFsDag.Of(block.Memory.Span, UnixFsProfile.V1Of2025).Root;
    }
}
