using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid.Native;

/// <summary>Batches as structs of the C Data Interface: see arrowcid.h for what each function promises.</summary>
// SAFETY: pointers are the caller's, as arrowcid.h says, and used during the call only; NULL is looked for. Structs
// that come in are borrowed, those that go out are the caller's to release.
internal static unsafe class CDataExports
{
    // The number of batches of a stream that are read before they are put together.
    public const int MostTogether = 64;

    static CDataExports() => ReleaseExports.Guard();

    [UnmanagedCallersOnly(EntryPoint = "managed_put_array")]
    public static int PutArray(long store, CSchema* schema, CArray* array, byte* facts, Block* target, ErrorOut* error)
    {
        try
        {
            CidStore opened = Argument.WritableStore(store);
            PutOptions? said = FactsJson.Read(facts);
            Argument.NotNull(target, "out");
            *target = Block.Of(Borrow(schema, array,
                batch => said is null ? opened.Put(batch) : opened.Put(batch, said)));
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_put_arrays")]
    public static int PutArrays(long store, CSchema* schema, CArray** arrays, long count, Block* target,
        ErrorOut* error)
    {
        var lent = new List<ForeignArray>();
        try
        {
            CidStore opened = Argument.WritableStore(store);
            Span<Block> blocks = Argument.Array(target, count, "out");
            PutExports.Put(opened, Borrow(schema, arrays, count, lent), null, blocks);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
        finally
        {
            lent.ForEach(one => one.Dispose());
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_put_stream")]
    public static int PutStream(long store, CStream* stream, byte* facts, Block* target, long capacity, long* count,
        ErrorOut* error)
    {
        try
        {
            CidStore opened = Argument.WritableStore(store);
            PutOptions? said = FactsJson.Read(facts);
            Argument.NotNull(stream, nameof(stream));
            Argument.NotNull(count, nameof(count));
            Span<Block> blocks = Argument.Array(target, capacity, "out");
            *count = 0;
            if (said?.Name is not null && capacity != 1)
                throw NativeError.Invalid("a name needs a capacity of 1, for one batch; a dataset is put as a table");
            if (CDataCalls.IsStreamReleased((nint)stream)) throw NativeError.Invalid("the stream was released");
            using var lent = new ImportedStream(ForeignStream.Borrow((nint)stream));
            while (PutSome(opened, lent, said, blocks[(int)*count..]) is > 0 and int some) *count += some;
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_lease_array")]
    public static int LeaseArray(long lease, CSchema* schema, CArray* array, ErrorOut* error)
    {
        try
        {
            Lease held = Handles.Get<Lease>(lease);
            Argument.NotNull(array, nameof(array));
            ArrowCData.Export(BatchOf(held.Batch, held.Info), (nint)schema, (nint)array);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_lease_device_array")]
    public static int LeaseDeviceArray(long lease, CSchema* schema, CDeviceArray* array, ErrorOut* error)
    {
        try
        {
            Lease held = Handles.Get<Lease>(lease);
            Argument.NotNull(array, nameof(array));
            ArrowCData.ExportDevice(BatchOf(held.Batch, held.Info), (nint)schema, (nint)array);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_get_array")]
    public static int GetArray(long store, CidBytes* cid, CSchema* schema, CArray* array, ErrorOut* error)
    {
        try
        {
            CidStore opened = Handles.Get<CidStore>(store);
            Cid wanted = Argument.Cid(cid);
            Argument.NotNull(array, nameof(array));
            using RecordLease block = opened.Reading.TryLease(wanted, out RecordBatch? batch)
                ?? throw ReadExports.NotFound(wanted, opened);
            ArrowCData.Export(BatchOf(batch, block.Info), (nint)schema, (nint)array);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_get_schema")]
    public static int GetSchema(long store, CidBytes* cid, CSchema* schema, ErrorOut* error)
    {
        try
        {
            CidStore opened = Handles.Get<CidStore>(store);
            Cid wanted = DatasetExports.SchemaOf(opened, Argument.Cid(cid));
            Argument.NotNull(schema, nameof(schema));
            using RecordLease block = opened.Reading.TryLease(wanted, out RecordBatch? batch)
                ?? throw ReadExports.NotFound(wanted, opened);
            if (block.Kind == RecordKind.Schema)
            {
                using var reader = ArrowReader.Open(block.Memory);
                ArrowCData.ExportSchema(reader.SchemaView, (nint)schema);
            }
            else
            {
                ArrowCData.ExportSchema(BatchOf(batch, block.Info).Schema, (nint)schema);
            }

            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_get_stream")]
    public static int GetStream(long store, CidBytes* cids, long count, CStream* stream, ErrorOut* error)
    {
        try
        {
            CidStore opened = Handles.Get<CidStore>(store);
            Span<CidBytes> given = Argument.Array(cids, count, nameof(cids));
            Argument.NotNull(stream, nameof(stream));
            if (given.IsEmpty) throw NativeError.Invalid("a stream takes at least one CID");
            Cid[] wanted = DatasetExports.BatchesOf(opened, given);
            ArrowCData.ExportStream(CommonSchema(opened, wanted), Batches(opened, wanted), (nint)stream);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_cid_of_array")]
    public static int CidOfArray(CSchema* schema, CArray* array, CidBytes* cid, ErrorOut* error)
    {
        try
        {
            Argument.NotNull(cid, nameof(cid));
            *cid = CidBytes.Of(Borrow(schema, array, static batch => CanonicalBlock.Address(batch).Cid));
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    /// <summary>The batches of arrays of one schema, which the caller lends until those of the list are disposed
    /// of.</summary>
    public static List<RecordBatch> Borrow(CSchema* schema, CArray** arrays, long count, List<ForeignArray> lent)
    {
        Argument.NotNull(schema, nameof(schema));
        Span<nint> each = Argument.Array((nint*)arrays, count, nameof(arrays));
        Schema read = CSchemaReader.Schema(new CSchemaView((nint)schema));
        var batches = new List<RecordBatch>(each.Length);
        for (int i = 0; i < each.Length; i++)
        {
            Argument.NotNull((void*)each[i], nameof(arrays));
            lent.Add(ForeignArray.Borrow(each[i]));
            batches.Add(CArrayReader.Batch(lent[i].View, read, lent[i]));
        }

        return batches;
    }

    private static T Borrow<T>(CSchema* schema, CArray* array, Func<RecordBatch, T> read)
    {
        Argument.NotNull(schema, nameof(schema));
        Argument.NotNull(array, nameof(array));
        return ArrowCData.Borrow((nint)schema, (nint)array, read);
    }

    /// <summary>Puts as many batches of a stream as there are places, at most.</summary>
    /// <returns>Their number; 0 at the stream's end.</returns>
    public static int PutSome(CidStore store, ImportedStream stream, PutOptions? said, Span<Block> target)
    {
        var batches = new List<ImportedBatch>();
        try
        {
            int most = Math.Min(target.Length, MostTogether);
            while (batches.Count < most && stream.Read() is { } batch) batches.Add(batch);
            if (batches.Count > 0) PutExports.Put(store, [.. batches.Select(each => each.Batch)], said, target);
            return batches.Count;
        }
        finally
        {
            batches.ForEach(batch => batch.Dispose());
        }
    }

    private static Schema CommonSchema(CidStore store, Cid[] cids)
    {
        BlockInfo first = default;
        foreach (Cid cid in cids)
        {
            if (!store.Reading.TryFindAny(cid, out BlockInfo info)) throw ReadExports.NotFound(cid, store);
            if (info.Kind != RecordKind.Batch) throw NoBatch(in info);
            if (first.Kind == RecordKind.None) first = info;
            if (info.SchemaDigest == first.SchemaDigest) continue;
            throw new ArrowCidException(ErrorCode.SchemaMismatch,
                $"{cid} is of another schema than {cids[0]}; a stream's batches are of one");
        }

        using BatchLease lease = store.TryGet(cids[0]) ?? throw ReadExports.NotFound(cids[0], store);
        return lease.View.Schema;
    }

    private static IEnumerable<RecordBatch> Batches(CidStore store, Cid[] cids)
    {
        foreach (Cid cid in cids)
        {
            using BatchLease lease = store.TryGet(cid) ?? throw ReadExports.NotFound(cid, store);
            yield return lease.View;
        }
    }

    private static RecordBatch BatchOf(RecordBatch? batch, in BlockInfo info) => batch ?? throw NoBatch(in info);

    private static ArrowCidException NoBatch(in BlockInfo info) => new(ErrorCode.SchemaMismatch,
        $"{Cid.FromSha256(info.Codec, info.Digest)} is no batch, but " +
        (info.Kind == RecordKind.Schema ? "a schema"
            : NodeHead.IsNode(info.Codec) ? "a node; a dataset's batches come as a stream" : "other bytes"));
}
