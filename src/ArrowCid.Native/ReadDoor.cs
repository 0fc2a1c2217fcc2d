using System.Buffers;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid.Native;

/// <summary>A block that a caller holds.</summary>
// SAFETY: the pin, which the lease's end undoes, keeps the bytes where the caller was told that they are.
internal sealed unsafe class Lease(BlockLease block, RecordBatch? batch)
{
    private readonly Lock _gate = new();
    private MemoryHandle _pin;
    private bool _isPinned, _isReleased;

    /// <summary>The batch, over the lease; null where the block is none.</summary>
    public RecordBatch? Batch => batch;

    public BlockInfo Info => block.Info;

    /// <summary>The bytes' address, good until <see cref="Release"/>.</summary>
    public byte* Pin(out long length)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isReleased, this);
            ReadOnlyMemory<byte> bytes = block.Memory;
            if (!_isPinned) (_pin, _isPinned) = (bytes.Pin(), true);
            length = bytes.Length;
            return (byte*)_pin.Pointer;
        }
    }

    public void Release()
    {
        lock (_gate)
        {
            _isReleased = true;
            block.Dispose();
            _pin.Dispose();
        }
    }
}

/// <summary>Blocks on their way to a caller who asks for some at a time.</summary>
internal sealed class Listing(IEnumerator<Block> blocks) : OneAtATime
{
    protected override string Noun => "listing";

    public int Next(Span<Block> target)
    {
        int count = 0;
        while (count < target.Length && blocks.MoveNext()) target[count++] = blocks.Current;
        return count;
    }

    public void Close() => blocks.Dispose();
}

/// <summary>Reading and looking up: see arrowcid.h for what each function promises.</summary>
// SAFETY: pointers are the caller's, as arrowcid.h says, and used during the call only; NULL is looked for.
internal static unsafe class ReadDoor
{
    [UnmanagedCallersOnly(EntryPoint = "managed_get")]
    public static int Get(long store, CidBytes* cid, long* lease, ErrorOut* error)
    {
        try
        {
            CidStore opened = Handles.Get<CidStore>(store);
            Cid wanted = Argument.Cid(cid);
            Argument.NotNull(lease, nameof(lease));
            BlockLease block = opened.TryLease(wanted, out RecordBatch? batch) ?? throw NotFound(wanted, opened);
            try
            {
                *lease = Handles.Open(new Lease(block, batch));
            }
            catch
            {
                block.Dispose();
                throw;
            }

            return Failure.Ok;
        }
        catch (Exception e)
        {
            return Failure.Report(e, error);
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
            if (target is not null) *target = Block.Of(held.Info);
            return Failure.Ok;
        }
        catch (Exception e)
        {
            return Failure.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_release_lease")]
    public static int ReleaseLease(long lease, ErrorOut* error)
    {
        try
        {
            Handles.Close<Lease>(lease).Release();
            return Failure.Ok;
        }
        catch (Exception e)
        {
            return Failure.Report(e, error);
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
            if (!opened.TryFindAny(wanted, out BlockInfo info)) throw NotFound(wanted, opened);
            *target = Block.Of(in info);
            return Failure.Ok;
        }
        catch (Exception e)
        {
            return Failure.Report(e, error);
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

            return Failure.Ok;
        }
        catch (Exception e)
        {
            return Failure.Report(e, error);
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
            IEnumerable<Block> blocks = text is null
                ? opened.List().Select(stored => Block.Of(in stored))
                : opened.Query(Filter.Parse(text)).Select(Block.Of);
            *listing = Handles.Open(new Listing(blocks.GetEnumerator()));
            return Failure.Ok;
        }
        catch (Exception e)
        {
            return Failure.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_list_next")]
    public static int ListNext(long listing, Block* target, long capacity, long* count, ErrorOut* error)
    {
        try
        {
            Listing opened = Handles.Get<Listing>(listing);
            Span<Block> blocks = Argument.Array(target, capacity, "out");
            if (blocks.IsEmpty) throw Failure.Invalid("there is no room for a block");
            Argument.NotNull(count, nameof(count));
            using OneAtATime.Turn turn = opened.Take();
            *count = opened.Next(blocks);
            return *count == 0 ? Failure.Nothing : Failure.Ok;
        }
        catch (Exception e)
        {
            return Failure.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_list_close")]
    public static int ListClose(long listing, ErrorOut* error)
    {
        try
        {
            Listing opened = Handles.Get<Listing>(listing);
            _ = opened.Take();
            // It stays taken: nobody uses it any more.
            _ = Handles.Close<Listing>(listing);
            opened.Close();
            return Failure.Ok;
        }
        catch (Exception e)
        {
            return Failure.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_verify")]
    public static int Verify(long store, CidBytes* cid, ErrorOut* error)
    {
        try
        {
            CidStore opened = Handles.Get<CidStore>(store);
            Cid wanted = Argument.Cid(cid);
            VerifyResult result = opened.Verify(wanted) ?? throw NotFound(wanted, opened);
            return result.Error is null ? Failure.Ok : Failure.Report(result.Error, error);
        }
        catch (Exception e)
        {
            return Failure.Report(e, error);
        }
    }

    public static ArrowCidException NotFound(Cid cid, CidStore store) =>
        store.NotHere(cid, $"no block {cid} in {store.Directory}");
}
