using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid.Native;

/// <summary>Reading and looking up: see arrowcid.h for what each function promises.</summary>
// SAFETY: pointers are the caller's, as arrowcid.h says, and used during the call only; NULL is looked for.
internal static unsafe class ReadExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_get")]
    public static int Get(long store, CidBytes* cid, long* lease, ErrorOut* error)
    {
        try
        {
            CidStore opened = Handles.Get<CidStore>(store);
            Cid wanted = Argument.Cid(cid);
            Argument.NotNull(lease, nameof(lease));
            RecordLease block = opened.Reading.TryLease(wanted, out RecordBatch? batch) ??
                throw NotFound(wanted, opened);
            try
            {
                *lease = Handles.Open(new Lease(block, batch));
            }
            catch
            {
                block.Dispose();
                throw;
            }

            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_lease_block")]
    public static int LeaseBlock(long lease, byte** bytes, long* length, Block* target, ErrorOut* error)
    {
        try
        {
            Lease held = Handles.Get<Lease>(lease);
            Argument.NotNull(bytes, nameof(bytes));
            Argument.NotNull(length, nameof(length));
            *bytes = held.Pin(out *length);
            if (target is not null) *target = Block.Of(held.Info, held.Node);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_release_lease")]
    public static int ReleaseLease(long lease, ErrorOut* error)
    {
        try
        {
            Handles.Close<Lease>(lease).Release();
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_find")]
    public static int Find(long store, CidBytes* cid, Block* target, ErrorOut* error)
    {
        try
        {
            CidStore opened = Handles.Get<CidStore>(store);
            Cid wanted = Argument.Cid(cid);
            Argument.NotNull(target, "out");
            if (!opened.Reading.TryFindAny(wanted, out BlockInfo info)) throw NotFound(wanted, opened);
            *target = Block.Of(in info, opened.Reading.NodeOf(in info));
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_contains")]
    public static int Contains(long store, CidBytes* cids, long count, byte* found, ErrorOut* error)
    {
        try
        {
            CidStore opened = Handles.Get<CidStore>(store);
            ReadOnlySpan<CidBytes> wanted = Argument.Array(cids, count, nameof(cids));
            Span<byte> target = Argument.Array(found, count, nameof(found));
            const int Piece = 64;
            Span<Cid> some = new Cid[Math.Min(Piece, wanted.Length)];
            Span<bool> answers = stackalloc bool[Piece];
            for (int at = 0; at < wanted.Length; at += Piece)
            {
                int now = Math.Min(Piece, wanted.Length - at);
                for (int i = 0; i < now; i++) some[i] = wanted[at + i].Read();
                opened.ContainsMany(some[..now], answers);
                for (int i = 0; i < now; i++) target[at + i] = answers[i] ? (byte)1 : (byte)0;
            }

            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_list")]
    public static int List(long store, byte* filter, long* listing, ErrorOut* error)
    {
        try
        {
            CidStore opened = Handles.Get<CidStore>(store);
            string? text = Utf8Text.ReadOrNull(filter, nameof(filter));
            Argument.NotNull(listing, nameof(listing));
            *listing = Handles.Open(text is null
                ? new ListingOf<StoredBlock, Block>(opened.List(), static stored => Block.Of(in stored))
                : new ListingOf<StoredEntry, Block>(opened.Query(Filter.Parse(text)), Block.Of));
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_list_next")]
    public static int ListNext(long listing, Block* target, long capacity, long* count, ErrorOut* error)
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

    [UnmanagedCallersOnly(EntryPoint = "managed_list_close")]
    public static int ListClose(long listing, ErrorOut* error)
    {
        try
        {
            Listing opened = Handles.Get<Listing>(listing);
            _ = opened.Take();
            // It stays taken, but is not used any more.
            _ = Handles.Close<Listing>(listing);
            opened.Close();
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_verify")]
    public static int Verify(long store, CidBytes* cid, ErrorOut* error)
    {
        try
        {
            CidStore opened = Handles.Get<CidStore>(store);
            Cid wanted = Argument.Cid(cid);
            VerifyResult result = opened.Diagnostics.Verify(wanted) ?? throw NotFound(wanted, opened);
            return result.Error is null ? NativeError.Ok : NativeError.Report(result.Error, error);
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    public static ArrowCidException NotFound(Cid cid, CidStore store) =>
        store.Proofs.NotHere(cid, $"no block {cid} in {store.Directory}");
}
