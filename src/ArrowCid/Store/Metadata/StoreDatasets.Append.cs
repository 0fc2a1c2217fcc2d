using System.Collections.Immutable;
using ArrowCid.Ipld;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Datasets: ordered lists of batches of one schema under one CID.</summary>
public sealed partial class StoreDatasets
{
    /// <summary>
    /// Adds batches to the dataset that a name points to, as a new dataset of the old batches and these, and moves the
    /// name to it. Appends of several processes to one name never lose each other's batches: each is added to what the
    /// name points to when it moves. The dataset keeps its metadata and parents, so that batches that are appended one
    /// after another have the CID of a dataset that was put whole. A name that points to one batch becomes a dataset
    /// of it and the new ones; a name that does not exist is made.
    /// </summary>
    /// <param name="name">The dataset's name.</param>
    /// <param name="batches">The batches to add, which are in the store; at least one.</param>
    /// <param name="options">Metadata of the new dataset in this store; its name, where it has one, is this
    /// name.</param>
    /// <returns>The new dataset's CID, the schema's, and the rows and bytes of all its batches.</returns>
    /// <exception cref="ArgumentException">No batch, or another name in the options.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: the batches have another schema than
    /// the dataset, or the name points to another kind of block; <see cref="ErrorCode.BlockNotFound"/>: a batch is not
    /// here. Others as for <see cref="Put(IReadOnlyList{Cid}, PutOptions,
    /// IReadOnlyDictionary{string, string}, IReadOnlyList{Cid})"/>. Then the name is as it was.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public PutResult Append(string name, IReadOnlyList<Cid> batches, PutOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(batches);
        if (batches.Count == 0) throw new ArgumentException("An append has at least one batch.", nameof(batches));
        if (options is { Name: { } other } && other != name)
            throw new ArgumentException($"The options name '{other}', not '{name}'.", nameof(options));
        if (options is not null) _store.Putting.Check(options);
        while (true)
        {
            Cid? current = _store.Names.Resolve(name);
            ulong sweep = _store.Blocks.Coordination.ReadSweep();
            Dataset? old = current is { } pointed ? DatasetToAppendTo(name, pointed) : null;
            ImmutableArray<DatasetBatch> items = ItemsOf(batches, old?.Batches ?? [], old?.Schema);
            PutResult put = PutNodes(items, old?.Parents ?? [],
                old?.Meta ?? ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal), sweep);
            if (options is not null) _store.Metadata.Set(put.Cid, options);
            try
            {
                _ = _store.Names.Set(name, put.Cid, expected: current);
            }
            catch (ArrowCidException e) when (e.Code is ErrorCode.NameConflict or ErrorCode.NameExists)
            {
                // Another append, or another change of the name, came first: this one is made on top of it.
                continue;
            }

            if (options?.Pin == true) _store.Retention.Pin(put.Cid);
            return put;
        }
    }

    /// <summary>What a name points to as a dataset. Its batches must be in the store.</summary>
    internal Dataset DatasetToAppendTo(string name, Cid cid)
    {
        if (cid.Codec == Multicodec.DagCbor)
        {
            Dataset dataset = Read(cid) ?? throw _store.Proofs.NotHere(cid);
            foreach (DatasetBatch batch in dataset.Batches)
            {
                using RecordLease block = _store.Reading.Find(batch.Cid) ?? throw _store.Proofs.NotHere(batch.Cid);
            }

            return dataset;
        }

        using RecordLease one = _store.Reading.Find(cid) ?? throw _store.Proofs.NotHere(cid);
        if (one.Info.Kind != RecordKind.Batch)
        {
            throw new ArrowCidException(ErrorCode.SchemaMismatch,
                $"'{name}' points to {cid}, which is neither a dataset nor a batch");
        }

        return new Dataset(Cid.FromSha256(Multicodec.Raw, one.Info.SchemaDigest), ItemsOf([cid], [], null), [],
            ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal));
    }
}
