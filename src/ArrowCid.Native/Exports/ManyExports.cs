using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Transfer;

namespace ArrowCid.Native;

/// <summary>Calls for many blocks: see arrowcid.h for what each function promises.</summary>
// SAFETY: pointers are the caller's, as arrowcid.h says, and used during the call only; NULL is looked for.
internal static unsafe class ManyExports
{
    private static readonly PutOptions s_nothing = new();

    [UnmanagedCallersOnly(EntryPoint = "managed_put_together")]
    public static int PutTogether(long store, CSchema* schema, CArray** arrays, long count, byte* facts, Block* target,
        ErrorOut* error)
    {
        var lent = new List<ForeignArray>();
        try
        {
            CidStore opened = Argument.WritableStore(store);
            PutManyOptions options = Together(FactsJson.Read(facts));
            List<RecordBatch> batches = CDataExports.Borrow(schema, arrays, count, lent);
            Span<Block> blocks = Argument.Array(target, count, "out");
            PutResult[] results = opened.PutMany(batches, options);
            for (int i = 0; i < results.Length; i++) blocks[i] = Block.Of(in results[i]);
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

    [UnmanagedCallersOnly(EntryPoint = "managed_put_ipc_together")]
    public static int PutIpcTogether(long store, byte* bytes, long length, byte* facts, Block* target, long capacity,
        long* count, ErrorOut* error)
    {
        try
        {
            CidStore opened = Argument.WritableStore(store);
            PutManyOptions options = Together(FactsJson.Read(facts));
            Argument.NotNull(count, nameof(count));
            Span<Block> blocks = Argument.Array(target, capacity, "out");
            using var borrowed = new BorrowedBytes(bytes, length);
            List<RecordBatch> batches = BatchFile.ReadArrow(borrowed.Memory);
            *count = batches.Count;
            PutExports.ThrowIfMore(batches.Count, blocks.Length);
            PutResult[] results = opened.PutMany(batches, options);
            for (int i = 0; i < results.Length; i++) blocks[i] = Block.Of(in results[i]);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_put_raws")]
    public static int PutRaws(long store, byte** bytes, long* lengths, long count, byte* facts, Block* target,
        ErrorOut* error)
    {
        var lent = new List<BorrowedBytes>();
        try
        {
            CidStore opened = Argument.WritableStore(store);
            PutManyOptions options = Together(FactsJson.Read(facts));
            Span<Block> blocks = Argument.Array(target, count, "out");
            Span<long> sizes = Argument.Array(lengths, count, nameof(lengths));
            if (count > 0) Argument.NotNull(bytes, nameof(bytes));
            var given = new ReadOnlyMemory<byte>[sizes.Length];
            for (int i = 0; i < given.Length; i++)
            {
                var one = new BorrowedBytes(bytes[i], sizes[i]);
                lent.Add(one);
                given[i] = one.Memory;
            }

            PutResult[] results = opened.PutRawMany(given, options);
            for (int i = 0; i < results.Length; i++) blocks[i] = Block.Of(opened, in results[i]);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
        finally
        {
            foreach (IDisposable one in lent) one.Dispose();
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_get_many")]
    public static int GetMany(long store, CidBytes* cids, long count, long* leases, ErrorOut* error)
    {
        Span<long> held = default;
        int done = 0;
        try
        {
            CidStore opened = Handles.Get<CidStore>(store);
            Cid[] wanted = Read(cids, count);
            held = Argument.Array(leases, count, nameof(leases));
            held.Clear();
            for (; done < wanted.Length; done++)
                held[done] = opened.Reading.TryLease(wanted[done], out RecordBatch? batch) is { } block
                    ? Open(block, batch)
                    : 0;
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            // None is held where one cannot be.
            foreach (ref long lease in held[..done])
            {
                if (lease != 0) Handles.Close<Lease>(lease).Release();
                lease = 0;
            }

            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_annotate_many")]
    public static int AnnotateMany(long store, CidBytes* cids, long count, byte** facts, long factsCount,
        long* annotated, ErrorOut* error)
    {
        FactBatch? batch = null;
        try
        {
            CidStore opened = Argument.WritableStore(store);
            Cid[] about = Read(cids, count);
            PutOptions[] said = ReadFacts(opened, facts, factsCount, about.Length);
            batch = new FactBatch(opened.Registry);
            for (int i = 0; i < about.Length; i++)
                batch.Add(FactRecord.FactsOf(said.Length == 1 ? said[0] : said[i], about[i], opened.Clock.GetUtcNow()));
            batch.Append();
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
        finally
        {
            if (annotated is not null) *annotated = batch?.Appended ?? 0;
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_touch")]
    public static int Touch(long store, CidBytes* cids, long count, long expires, ErrorOut* error)
    {
        try
        {
            CidStore opened = Argument.WritableStore(store);
            Cid[] wanted = Read(cids, count);
            opened.Metadata.SetExpiry(wanted, TimeOf(expires));
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_list_all")]
    public static int ListAll(long store, byte* filter, Block* target, long capacity, long* count, ErrorOut* error)
    {
        try
        {
            CidStore opened = Handles.Get<CidStore>(store);
            string? text = Utf8Text.ReadOrNull(filter, nameof(filter));
            Span<Block> blocks = Argument.Array(target, capacity, "out");
            Argument.NotNull(count, nameof(count));
            long found = 0;
            if (text is null)
            {
                foreach (StoredBlock stored in opened.List())
                {
                    if (found < blocks.Length) blocks[(int)found] = Block.Of(in stored);
                    found++;
                }
            }
            else
            {
                foreach (StoredEntry entry in opened.Query(Filter.Parse(text)))
                {
                    if (found < blocks.Length) blocks[(int)found] = Block.Of(entry);
                    found++;
                }
            }

            *count = found;
            if (found > blocks.Length)
            {
                throw new ArrowCidException(ErrorCode.TooLarge,
                    $"there are {found} blocks, and there is space for {blocks.Length}");
            }

            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_remove_where")]
    public static int RemoveWhere(long store, byte* filter, int dryRun, RemovalOut* target, ErrorOut* error)
    {
        try
        {
            if (dryRun is not (0 or 1)) throw NativeError.Invalid($"'dry_run' is {dryRun}, not 0 or 1");
            CidStore opened = dryRun == 1 ? Handles.Get<CidStore>(store) : Argument.WritableStore(store);
            RemoveResult result =
                opened.Retention.RemoveWhere(Filter.Parse(Utf8Text.Read(filter, nameof(filter))), dryRun == 1);
            if (target is not null)
            {
                *target = new RemovalOut
                {
                    Removed = result.Removed.Count,
                    Kept = result.Kept.Count,
                    Length = result.ByteLength,
                };
            }

            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    private static long Open(RecordLease block, RecordBatch? batch)
    {
        try
        {
            return Handles.Open(new Lease(block, batch));
        }
        catch
        {
            block.Dispose();
            throw;
        }
    }

    private static Cid[] Read(CidBytes* cids, long count)
    {
        Span<CidBytes> given = Argument.Array(cids, count, nameof(cids));
        var read = new Cid[given.Length];
        for (int i = 0; i < read.Length; i++) read[i] = given[i].Read();
        return read;
    }

    private static PutManyOptions Together(PutOptions? facts) => facts?.Name is null
        ? new PutManyOptions { AllOrNothing = true, Metadata = facts }
        : throw NativeError.Invalid("'name' of facts_json is for one block; a dataset of many is put as a table");

    /// <summary>Reads one object for all blocks, or one for each. All limits are checked before anything is
    /// written.</summary>
    private static PutOptions[] ReadFacts(CidStore store, byte** facts, long factsCount, int blocks)
    {
        if (factsCount != 1 && factsCount != blocks)
        {
            throw NativeError.Invalid(
                $"there are {factsCount} facts_json for {blocks} blocks; give one, or one for each");
        }

        Span<nint> texts = Argument.Array((nint*)facts, factsCount, "facts_json");
        var said = new PutOptions[texts.Length];
        for (int i = 0; i < said.Length; i++)
        {
            said[i] = FactsJson.Read((byte*)texts[i]) ?? s_nothing;
            if (said[i].Name is not null || said[i].Pin)
                throw NativeError.Invalid("'name' and 'pin' of facts_json are for one block at a time");
            _ = store.Putting.FactsOf(said[i]);
        }

        return said;
    }

    private static DateTimeOffset? TimeOf(long milliseconds)
    {
        if (milliseconds == -1) return null;
        return milliseconds >= 0 && milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : throw NativeError.Invalid($"'expires_ms' is {milliseconds}, no time before the year 10000, nor -1");
    }
}
