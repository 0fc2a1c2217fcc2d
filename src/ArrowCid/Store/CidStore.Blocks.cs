using System.Buffers;
using ArrowCid.Ipc;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Blocks of any codec.</summary>
public sealed partial class CidStore
{
    // What is larger is put together where it will stand.
    internal const int MostInMemory = 16 << 20;

    /// <summary>
    /// Puts bytes as a block of a codec. Bytes of codec raw are put as <see cref="PutRaw"/> does. What a block of
    /// dag-cbor links to is kept as long as it is itself.
    /// </summary>
    /// <param name="codec">The codec (<see cref="Multicodec"/>, an open set); nothing is decoded.</param>
    /// <param name="bytes">The bytes, which are read until the call returns.</param>
    /// <returns>The block's address, whose schema means nothing, and whether the block is new.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The codec is over 2^32 - 1.</exception>
    /// <exception cref="ArrowCidException">As for <see cref="PutRaw"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public PutResult PutBlock(ulong codec, ReadOnlyMemory<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(codec, uint.MaxValue);
        return codec == Multicodec.Raw ? PutRaw(bytes) : PutOfCodec(codec, bytes, nanoseconds: 0);
    }

    internal PutResult PutOfCodec(ulong codec, ReadOnlyMemory<byte> bytes, ulong nanoseconds)
    {
        PutRequest request = Request(bytes) with { Codec = (uint)codec, TimeNanoseconds = nanoseconds };
        bool isNew = _blocks.Put(in request, out BlockInfo info);
        PutResult put = ResultOf(in info, isNew);
        return put with { Address = put.Address with { Cid = put.Cid.WithCodec(codec) } };
    }

    /// <summary>A lease on a block whose bytes were just proved to hash to its CID, or null.</summary>
    internal RecordLease? Prove(Cid cid)
    {
        RecordLease? block = Find(cid);
        if (block is null) return null;
        try
        {
            ProveHash(block, block.Info);
            return block;
        }
        catch
        {
            block.Dispose();
            throw;
        }
    }

    /// <summary>A block's bytes in memory of their own, proved; null where it is not here.</summary>
    internal byte[]? ReadBlock(Cid cid)
    {
        using RecordLease? block = Prove(cid);
        return block?.Memory.ToArray();
    }

    /// <summary>A dag-cbor block, read strictly; null where it is not here.</summary>
    internal IpldNode? ReadNode(Cid cid) => ReadBlock(cid) is { } bytes ? DagCbor.Decode(bytes) : null;

    /// <summary>Stores raw bytes that are read from elsewhere.</summary>
    /// <param name="length">Their number.</param>
    /// <param name="fill">Writes them.</param>
    /// <param name="expected">What they must hash to; else <see cref="ErrorCode.InvalidData"/>. The default: any
    /// hash.</param>
    /// <param name="onlyBatch">Nothing is put where they are no batch's canonical block.</param>
    /// <param name="nanoseconds">When it was put elsewhere, since 1970; 0: now.</param>
    /// <returns>Null where nothing was put.</returns>
    internal (PutResult Put, BlockKind Kind)? PutFrom(int length, Action<Span<byte>> fill, Cid expected, bool onlyBatch,
        ulong nanoseconds = 0)
    {
        if (length > MostInMemory) return PutStaged(length, fill, expected, onlyBatch, nanoseconds);
        byte[] held = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            fill(held.AsSpan(0, length));
            return PutCopy(held.AsMemory(0, length), expected, onlyBatch, nanoseconds);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(held);
        }
    }

    private (PutResult Put, BlockKind Kind)? PutCopy(ReadOnlyMemory<byte> bytes, Cid expected, bool onlyBatch,
        ulong nanoseconds)
    {
        if (Plan(bytes, new RawBlock(bytes, expected), onlyBatch) is not { } made) return null;
        PutRequest request = made.Request with { TimeNanoseconds = nanoseconds };
        return (made.Schema is { } schema ? PutNeeding(request, schema) : Put(request), made.Kind);
    }

    /// <summary>What raw bytes are put as.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="source">What writes them.</param>
    /// <param name="onlyBatch">They are to be a batch's canonical block.</param>
    /// <returns>The put, and of a batch the schema; null where they are no batch, though they are to be.</returns>
    internal static (PutRequest Request, CanonicalSchema? Schema, BlockKind Kind)? Plan(ReadOnlyMemory<byte> bytes,
        IBlockSource source, bool onlyBatch)
    {
        if (TryPlan(bytes) is { } made)
        {
            var batch = new PutRequest(RecordKind.Batch, (uint)Multicodec.Raw, source, made.Schema.Digest, made.Rows,
                RecordFlags.OwnEncoder);
            return (batch, made.Schema, BlockKind.Batch);
        }

        if (onlyBatch) return null;
        var request = new PutRequest(RecordKind.Raw, (uint)Multicodec.Raw, source, default, 0, RecordFlags.None);
        if (TryReadSchema(bytes) is not { } schema) return (request, null, BlockKind.Raw);
        request = request with
        {
            Kind = RecordKind.Schema,
            SchemaDigest = schema.Digest,
            Flags = RecordFlags.OwnEncoder,
        };
        return (request, null, BlockKind.Schema);
    }

    private PutResult Put(PutRequest request)
    {
        bool isNew = _blocks.Put(in request, out BlockInfo info);
        return ResultOf(in info, isNew);
    }

    private (PutResult Put, BlockKind Kind)? PutStaged(int length, Action<Span<byte>> fill, Cid expected,
        bool onlyBatch, ulong nanoseconds)
    {
        using StagedBlock staged = _blocks.Stage(length);
        fill(staged.Bytes[..length]);
        Digest256 digest = Sha256.Hash(staged.Bytes[..length]);
        ExpectedCid.RequireHash(expected, digest);
        var source = new FilledBlock(length);
        if (TryPlan(staged.Memory(length)) is not { } made)
        {
            if (onlyBatch) return null;
            var raw = new PutRequest(RecordKind.Raw, (uint)Multicodec.Raw, source, default, 0, RecordFlags.None)
            {
                TimeNanoseconds = nanoseconds,
            };
            bool isNewRaw = _blocks.PutStaged(staged, in raw, in digest, out BlockInfo rawInfo);
            return (ResultOf(in rawInfo, isNewRaw), BlockKind.Raw);
        }

        var request = new PutRequest(RecordKind.Batch, (uint)Multicodec.Raw, source, made.Schema.Digest, made.Rows,
            RecordFlags.OwnEncoder)
        {
            TimeNanoseconds = nanoseconds,
        };
        PutResult put = _blocks.Schemas.PutUnder(made.Schema, () =>
        {
            bool isNew = _blocks.PutStaged(staged, in request, in digest, out BlockInfo info);
            return ResultOf(in info, isNew);
        });
        return (put, BlockKind.Batch);
    }

    /// <summary>The schema and rows of bytes that are a batch's canonical block.</summary>
    private static (CanonicalSchema Schema, int Rows)? TryPlan(ReadOnlyMemory<byte> bytes)
    {
        if (!MayBeBatch(bytes.Span)) return null;
        try
        {
            using BlockPlan plan = BlockPlan.Of(CanonicalBlock.DecodeView(bytes));
            return plan.Makes(bytes.Span) ? (plan.Schema, plan.Rows) : null;
        }
        catch (InvalidArrowException)
        {
            return null;
        }
    }

    private static CanonicalSchema? TryReadSchema(ReadOnlyMemory<byte> bytes)
    {
        if (!MayBeBatch(bytes.Span)) return null;
        try
        {
            using ArrowReader reader = ArrowReader.Open(bytes);
            CanonicalSchema schema = CanonicalSchema.Of(reader.SchemaView);
            return schema.Message.SequenceEqual(bytes.Span) ? schema : null;
        }
        catch (InvalidArrowException)
        {
            return null;
        }
    }
}
