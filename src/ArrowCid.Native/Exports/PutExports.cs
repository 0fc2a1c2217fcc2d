using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Transfer;

namespace ArrowCid.Native;

/// <summary>Putting bytes, and the CIDs that bytes have: see arrowcid.h for what each function promises.</summary>
// SAFETY: pointers are the caller's, as arrowcid.h says, and used during the call only; NULL is looked for.
internal static unsafe class PutExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_put_ipc")]
    public static int PutIpc(long store, byte* bytes, long length, byte* facts, Block* target, long capacity,
        long* count, ErrorOut* error)
    {
        try
        {
            CidStore opened = Argument.WritableStore(store);
            PutOptions? said = FactsJson.Read(facts);
            Argument.NotNull(count, nameof(count));
            Span<Block> blocks = Argument.Array(target, capacity, "out");
            using var borrowed = new BorrowedBytes(bytes, length);
            List<RecordBatch> batches = BatchFile.ReadArrow(borrowed.Memory);
            *count = batches.Count;
            ThrowIfMore(batches.Count, blocks.Length);
            Put(opened, batches, said, blocks);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_put_raw")]
    public static int PutRaw(long store, byte* bytes, long length, byte* facts, Block* target, ErrorOut* error)
    {
        try
        {
            CidStore opened = Argument.WritableStore(store);
            PutOptions? said = FactsJson.Read(facts);
            Argument.NotNull(target, "out");
            using var borrowed = new BorrowedBytes(bytes, length);
            PutResult put = opened.PutRaw(borrowed.Memory);
            if (said is not null) MetadataExports.Say(opened, put.Cid, said);
            *target = Block.Of(opened, in put);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_check")]
    public static int Check(byte* bytes, long length, CidBytes* cid, ErrorOut* error)
    {
        try
        {
            using var borrowed = new BorrowedBytes(bytes, length);
            CheckResult result = CanonicalBlock.Check(borrowed.Memory);
            if (!result.IsCanonical) throw NotCanonical(result);
            if (cid is not null) *cid = CidBytes.Of(result.Address.Cid);
            return NativeError.Ok;
        }
        catch (InvalidArrowException e)
        {
            return NativeError.Report(new ArrowCidException(ErrorCode.NotCanonical, e.Message), error);
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_cid_of_ipc")]
    public static int CidOfIpc(byte* bytes, long length, CidBytes* cids, long capacity, long* count, ErrorOut* error)
    {
        try
        {
            Argument.NotNull(count, nameof(count));
            Span<CidBytes> target = Argument.Array(cids, capacity, nameof(cids));
            using var borrowed = new BorrowedBytes(bytes, length);
            List<RecordBatch> batches = BatchFile.ReadArrow(borrowed.Memory);
            *count = batches.Count;
            ThrowIfMore(batches.Count, target.Length);
            for (int i = 0; i < batches.Count; i++) target[i] = CidBytes.Of(CanonicalBlock.Address(batches[i]).Cid);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    /// <summary>Puts batches with the metadata of each; a name is for the batch, or for a dataset of several.</summary>
    public static void Put(CidStore store, IReadOnlyList<RecordBatch> batches, PutOptions? said, Span<Block> target)
    {
        if (said is null)
        {
            PutResult[] results = store.PutMany(batches);
            for (int i = 0; i < results.Length; i++) target[i] = Block.Of(in results[i]);
            return;
        }

        bool isDataset = said.Name is not null && batches.Count != 1;
        if (isDataset && batches.Count == 0) throw NativeError.Invalid("there is no batch to name");
        // A name that cannot be given is refused before anything is put.
        if (isDataset) store.Putting.Check(said);
        PutOptions each = isDataset ? said.WithName(null) : said;
        var cids = new Cid[batches.Count];
        for (int i = 0; i < batches.Count; i++)
        {
            PutResult put = store.Put(batches[i], each);
            (target[i], cids[i]) = (Block.Of(put), put.Cid);
        }

        if (isDataset) _ = store.Datasets.Put(cids, said);
    }

    internal static void ThrowIfMore(int batches, int capacity)
    {
        if (batches <= capacity) return;
        throw new ArrowCidException(ErrorCode.TooLarge,
            $"there are {batches} batches, and space for the results of {capacity}");
    }

    private static ArrowCidException NotCanonical(CheckResult result)
    {
        string field = result.FieldPath.Length > 0 ? $", field '{result.FieldPath}'" : "";
        string place = result.Message.Length > 0 ? $" ({result.Message}{field})" : "";
        return new ArrowCidException(ErrorCode.NotCanonical,
            $"byte {result.Offset}{place}: {result.Rule}; the batch's canonical block is {result.Address.Cid}");
    }
}
