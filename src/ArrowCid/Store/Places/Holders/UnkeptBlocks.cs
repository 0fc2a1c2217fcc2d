using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>Blocks that were fetched and that the store does not keep: they are larger than a part of the cache, or the
/// others have to stay. Readers that ask for one at the same time share its bytes, which are freed after the last
/// of them. Safe for concurrent use.</summary>
internal sealed class UnkeptBlocks(CidStore store)
{
    // One block may be longer.
    private const long MostBytes = 1L << 30;

    // Entries of blocks that are no longer read are removed when there are more.
    private const int MostEntries = 256;

    private readonly ConcurrentDictionary<Digest256, (RecordHeader Header, WeakReference<byte[]> Bytes)> _blocks =
        new();

    /// <summary>Leases a block that another reader has, or had lately.</summary>
    public RecordLease? TryLease(in Digest256 digest) =>
        _blocks.TryGetValue(digest, out (RecordHeader Header, WeakReference<byte[]> Bytes) known)
            && known.Bytes.TryGetTarget(out byte[]? bytes)
            ? new RecordLease(in known.Header, segment: null, bytes, 0, store.Directory)
            : null;

    /// <summary>Leases a block that was fetched just now.</summary>
    public RecordLease Add(BlockLease block, in Digest256 digest)
    {
        byte[] bytes = MemoryMarshal.TryGetArray(block.Bytes, out ArraySegment<byte> all)
            && all.Array is { } array && array.Length == all.Count
            ? array
            : block.Bytes.ToArray();
        RecordHeader header = HeaderOf(block, in digest);
        if (_blocks.Count >= MostEntries) _ = CountBytes();
        _blocks[digest] = (header, new WeakReference<byte[]>(bytes));
        var lease = new RecordLease(in header, segment: null, bytes, 0, store.Directory);
        store.Proofs.MarkProved(lease);
        return lease;
    }

    /// <summary>Refuses a fetch while readers hold too many bytes.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>.</exception>
    public void ThrowIfFull(long length)
    {
        long held = CountBytes();
        if (held == 0 || held + length <= MostBytes) return;
        // What no reader holds counts until it is collected.
        GC.Collect();
        held = CountBytes();
        if (held == 0 || held + length <= MostBytes) return;
        throw new ArrowCidException(ErrorCode.Busy, string.Create(CultureInfo.InvariantCulture,
            $"{held} bytes of blocks that the cache does not keep are being read, and at most {MostBytes} are"))
        {
            Remedy = new Remedy(RemedyKind.Retry),
        };
    }

    private static RecordHeader HeaderOf(BlockLease block, in Digest256 digest)
    {
        var header = new RecordHeader
        {
            PayloadLength = (ulong)block.Bytes.Length,
            Kind = (ushort)RecordKind.Raw,
            Codec = (uint)block.Cid.Codec,
            HashCode = (uint)block.Cid.Hash.Code,
            Digest = digest,
        };
        if (block.Cid.Codec != Multicodec.Raw) return header;
        try
        {
            BlockAddress address = CanonicalBlock.Address(block.ReadView());
            if (!address.SchemaCid.TryGetSha256(out Digest256 schema)) return header;
            (header.Kind, header.SchemaDigest, header.Rows) = ((ushort)RecordKind.Batch, schema, (ulong)address.Rows);
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.SchemaMismatch or ErrorCode.NotCanonical)
        {
            // It is bytes of another kind.
        }

        return header;
    }

    /// <summary>The bytes that readers may hold; entries of others are removed.</summary>
    private long CountBytes()
    {
        long held = 0;
        foreach ((Digest256 digest, (RecordHeader Header, WeakReference<byte[]> Bytes) known) in _blocks)
        {
            if (known.Bytes.TryGetTarget(out byte[]? bytes)) held += bytes.Length;
            else _ = _blocks.TryRemove(new(digest, known));
        }

        return held;
    }
}
