using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Registry;

namespace ArrowCid.Native;

/// <summary>Datasets, and the listing of names: see arrowcid.h for what each function promises.</summary>
// SAFETY: pointers are the caller's, as arrowcid.h says, and used during the call only; NULL is looked for.
internal static unsafe class DatasetExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_put_dataset")]
    public static int PutDataset(long store, CidBytes* batches, long count, byte* dataset, byte* facts, Block* target,
        ErrorOut* error)
    {
        try
        {
            CidStore opened = Argument.WritableStore(store);
            Span<CidBytes> given = Argument.Array(batches, count, nameof(batches));
            DatasetJson said = DatasetJson.Read(dataset);
            PutOptions options = FactsJson.Read(facts) ?? new PutOptions();
            Argument.NotNull(target, "out");
            var cids = new Cid[given.Length];
            for (int i = 0; i < cids.Length; i++) cids[i] = given[i].Read();
            *target = Put(opened, cids, said, options);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_put_table")]
    public static int PutTable(long store, CStream* stream, byte* dataset, byte* facts, Block* target, ErrorOut* error)
    {
        try
        {
            CidStore opened = Argument.WritableStore(store);
            DatasetJson said = DatasetJson.Read(dataset);
            PutOptions options = FactsJson.Read(facts) ?? new PutOptions();
            Argument.NotNull(stream, nameof(stream));
            Argument.NotNull(target, "out");
            // A name that cannot be given is refused before anything is put.
            opened.Putting.Check(options);
            if (CDataCalls.IsStreamReleased((nint)stream)) throw NativeError.Invalid("the stream was released");
            using var lent = new ImportedStream(ForeignStream.Borrow((nint)stream));
            PutOptions? each = facts is null ? null : options.WithName(null);
            var blocks = new Block[CDataExports.MostTogether];
            var cids = new List<Cid>();
            while (CDataExports.PutSome(opened, lent, each, blocks) is > 0 and int some)
            {
                for (int i = 0; i < some; i++) cids.Add(blocks[i].Cid.Read());
            }

            *target = Put(opened, cids, said, options);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_dataset_batches")]
    public static int Batches(long store, CidBytes* cid, CidBytes* batches, long capacity, long* count,
        ErrorOut* error)
    {
        try
        {
            CidStore opened = Handles.Get<CidStore>(store);
            Cid wanted = Argument.Cid(cid);
            Span<CidBytes> target = Argument.Array(batches, capacity, nameof(batches));
            Argument.NotNull(count, nameof(count));
            Dataset dataset = Find(opened, wanted);
            *count = dataset.Batches.Length;
            if (dataset.Batches.Length > target.Length)
            {
                throw new ArrowCidException(ErrorCode.TooLarge,
                    $"the dataset has {dataset.Batches.Length} batches, and there is space for {target.Length}");
            }

            for (int i = 0; i < dataset.Batches.Length; i++) target[i] = CidBytes.Of(dataset.Batches[i].Cid);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_names")]
    public static int Names(long store, long* listing, ErrorOut* error)
    {
        try
        {
            CidStore opened = Handles.Get<CidStore>(store);
            Argument.NotNull(listing, nameof(listing));
            *listing = Handles.Open(new ListingOf<NameChange, NameOut>(opened.Names.List(),
                name => NameOut.Of(opened, name)));
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_names_next")]
    public static int NamesNext(long listing, NameOut* target, long capacity, long* count, ErrorOut* error)
    {
        try
        {
            return Listing.Next(listing, Argument.Array(target, capacity, "out"), count);
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    /// <summary>The batches of a stream: of a dataset its own, else the CID itself.</summary>
    public static Cid[] BatchesOf(CidStore store, ReadOnlySpan<CidBytes> given)
    {
        var batches = new List<Cid>(given.Length);
        foreach (ref readonly CidBytes bytes in given)
        {
            Cid cid = bytes.Read();
            if (cid.Codec != Multicodec.DagCbor) batches.Add(cid);
            else batches.AddRange(Find(store, cid).Batches.Select(batch => batch.Cid));
        }

        return batches.Count > 0 ? [.. batches] : throw NativeError.Invalid("the dataset has no batches");
    }

    /// <summary>Of a dataset the CID of its schema, else the CID itself.</summary>
    public static Cid SchemaOf(CidStore store, Cid cid) =>
        cid.Codec == Multicodec.DagCbor ? Find(store, cid).Schema : cid;

    private static Dataset Find(CidStore store, Cid cid)
    {
        // A CID of another codec may still be that of a dataset's bytes, which the store then has as they were put.
        if (cid.Codec != Multicodec.DagCbor)
            throw new ArrowCidException(ErrorCode.SchemaMismatch, $"{cid} is not a dataset");
        try
        {
            return store.Datasets.Read(cid) ?? throw ReadExports.NotFound(cid, store);
        }
        catch (InvalidIpldException e)
        {
            throw new ArrowCidException(ErrorCode.SchemaMismatch, $"{cid} is not a dataset: {e.Message}", e);
        }
    }

    private static Block Put(CidStore store, IReadOnlyList<Cid> batches, DatasetJson said, PutOptions options)
    {
        if (batches.Count == 0) throw NativeError.Invalid("a dataset has at least one batch");
        return Block.Of(store, store.Datasets.Put(batches, options, said.Metadata, said.Parents));
    }
}
