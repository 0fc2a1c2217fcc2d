using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Transfer;

namespace ArrowCid;

/// <summary>Puts batches and bytes.</summary>
internal sealed class BlockPutting(StoreCore core)
{
    // The maximum number of blocks held ready for a group.
    public const int MostAtOnce = 4096;

    // The number of batches planned at once: each holds the memory of its canonical form until it is written.
    public const int MostTogether = 64;

    // What is larger is put together where it will stand.
    public const int MostInMemory = 16 << 20;

    /// <summary>Puts a batch, with metadata, a name or a pin if there are options.</summary>
    public PutResult Put(RecordBatch batch, PutOptions? options) =>
        options is null ? PutWith(batch, null) : PutExpected(batch, default, options);

    public PutResult PutWith(RecordBatch batch, FactRecord? facts, Cid expected = default, bool mustBeNew = false)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using BlockPlan plan = BlockPlan.Of(batch);
        return PutNeeding(RequestOf(plan, expected) with { Facts = facts, MustBeNew = mustBeNew }, plan.Schema);
    }

    /// <summary>Puts a block together with the schema that it needs.</summary>
    private PutResult PutNeeding(PutRequest request, CanonicalSchema schema)
    {
        request = Audited(request);
        bool isNew = core.Blocks.Put(in request, schema, out BlockInfo info);
        return BlockProof.ResultOf(in info, isNew);
    }

    /// <summary>A put with what the audit trail records of it; of a restored block nothing.</summary>
    public PutRequest Audited(PutRequest request) => request is { Facts: null, IsRepair: false, TimeNanoseconds: 0 } &&
        core.Registry.Facts.RecordOfPut(request.Codec) is { } record ? request with { Facts = record } : request;

    public int PutGroup(ReadOnlySpan<ReadOnlyMemory<byte>> blocks, Span<PutResult> results)
    {
        PutRequest[] requests = ArrayPool<PutRequest>.Shared.Rent(blocks.Length);
        try
        {
            for (int i = 0; i < blocks.Length; i++) requests[i] = Request(blocks[i]);
            return PutGroup(requests.AsSpan(0, blocks.Length), results);
        }
        finally
        {
            ArrayPool<PutRequest>.Shared.Return(requests, clearArray: true);
        }
    }

    public static PutRequest Request(ReadOnlyMemory<byte> bytes) =>
        new(RecordKind.Raw, (uint)Multicodec.Raw, new RawBlock(bytes), default, 0, RecordFlags.None);

    /// <summary>Every Arrow stream begins so.</summary>
    public static bool MayBeBatch(ReadOnlySpan<byte> bytes) => bytes.StartsWith<byte>([0xff, 0xff, 0xff, 0xff]);

    public static bool TryReadBatch(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out RecordBatch? batch)
    {
        batch = null;
        if (!MayBeBatch(bytes.Span)) return false;
        try
        {
            RecordBatch read = CanonicalBlock.DecodeView(bytes);
            using BlockPlan plan = BlockPlan.Of(read);
            if (plan.Makes(bytes.Span)) batch = read;
        }
        catch (InvalidArrowException)
        {
            // It only begins like one.
        }

        return batch is not null;
    }

    public void PutPlans(List<BlockPlan> plans, Span<PutResult> results)
    {
        if (plans.Count == 0) return;
        PutRequest[] requests = ArrayPool<PutRequest>.Shared.Rent(MostTogether);
        try
        {
            for (int i = 0; i < plans.Count; i++) requests[i] = RequestOf(plans[i]);
            IEnumerable<CanonicalSchema> schemas = plans.Select(plan => plan.Schema);
            ulong sweep = core.Blocks.Schemas.Put(schemas);
            _ = PutGroup(requests.AsSpan(0, plans.Count), results);
            core.Blocks.Schemas.Keep(schemas, sweep);
        }
        finally
        {
            ArrayPool<PutRequest>.Shared.Return(requests, clearArray: true);
        }
    }

    public int PutGroup(ReadOnlySpan<PutRequest> requests, Span<PutResult> results)
    {
        if (core.Registry.Facts.Subject is not null)
        {
            PutRequest[] audited = requests.ToArray();
            foreach (ref PutRequest request in audited.AsSpan()) request = Audited(request);
            requests = audited;
        }

        BlockInfo[] infos = ArrayPool<BlockInfo>.Shared.Rent(requests.Length);
        bool[] areNew = ArrayPool<bool>.Shared.Rent(requests.Length);
        try
        {
            int newOnes = core.Blocks.PutMany(requests, infos, areNew);
            for (int i = 0; i < requests.Length; i++) results[i] = BlockProof.ResultOf(in infos[i], areNew[i]);
            return newOnes;
        }
        finally
        {
            ArrayPool<BlockInfo>.Shared.Return(infos);
            ArrayPool<bool>.Shared.Return(areNew);
        }
    }

    /// <summary>The batches before one that is refused are put.</summary>
    public static BlockPlan? TryPlan(RecordBatch batch, out InvalidArrowException? refused)
    {
        refused = null;
        try
        {
            return BlockPlan.Of(batch);
        }
        catch (InvalidArrowException e)
        {
            refused = e;
            return null;
        }
    }

    public static PutRequest RequestOf(BlockPlan plan, Cid expected = default) => new(RecordKind.Batch,
        (uint)Multicodec.Raw, new PlannedBlock(plan, expected), plan.Schema.Digest, plan.Rows, RecordFlags.OwnEncoder);

    /// <summary>Puts a batch where its block has a CID that is known before, which the put's own hash proves.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="expected">The CID; the default: any.</param>
    /// <param name="options">What is to be said of it, or null.</param>
    /// <param name="mustBeNew">Whether the put must create the block.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: the block has another CID, and was not
    /// put. Others as for <see cref="CidStore.Put(RecordBatch, PutOptions)"/>.</exception>
    /// <exception cref="BlockExistsException">The put must create the block, and the store has it. Nothing was
    /// written.</exception>
    public PutResult PutExpected(RecordBatch batch, Cid expected, PutOptions? options, bool mustBeNew = false) =>
        PutAs(options, facts => PutWith(batch, facts, expected, mustBeNew));

    /// <summary>Puts a batch that was encoded before, as <see cref="CidStore.Put(RecordBatch, PutOptions)"/>
    /// does.</summary>
    public PutResult PutSpooled(SpooledBatch batch, PutOptions? options = null, bool mustBeNew = false) =>
        PutAs(options, facts => PutNeeding(batch.Request with { Facts = facts, MustBeNew = mustBeNew }, batch.Schema));

    private PutResult PutAs(PutOptions? options, Func<FactRecord?, PutResult> put)
    {
        PutResult result = put(options is null
            ? core.Registry.Facts.RecordOfPut()
            : core.Registry.Facts.RecordOfPut(options, options.Pin, options.Name));
        if (options?.Name is { } name)
            _ = core.Registry.Names.Set(name, result.Cid, new NameExpectation(IsAny: true, null));
        return result;
    }

    /// <summary>Throws where a put could not keep what is said with it, before anything is put.</summary>
    public void Check(PutOptions options) => _ = core.Registry.Facts.RecordOfPut(options, options.Pin, options.Name);

    public PutResult PutOfCodec(ulong codec, ReadOnlyMemory<byte> bytes, ulong nanoseconds)
    {
        PutRequest request = Audited(Request(bytes) with { Codec = (uint)codec, TimeNanoseconds = nanoseconds });
        bool isNew = core.Blocks.Put(in request, out BlockInfo info);
        PutResult put = BlockProof.ResultOf(in info, isNew);
        return put with { Address = put.Address with { Cid = put.Cid.WithCodec(codec) } };
    }

    /// <summary>Stores raw bytes that are read from elsewhere.</summary>
    /// <param name="length">Their number.</param>
    /// <param name="fill">Writes them.</param>
    /// <param name="expected">What they must hash to; else <see cref="ErrorCode.InvalidData"/>. The default: any
    /// hash.</param>
    /// <param name="onlyBatch">Nothing is put where they are no batch's canonical block.</param>
    /// <param name="nanoseconds">When it was put elsewhere, since 1970; 0: now.</param>
    /// <returns>Null where nothing was put.</returns>
    public (PutResult Put, BlockKind Kind)? PutFrom(int length, Action<Span<byte>> fill, Cid expected, bool onlyBatch,
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
    public static (PutRequest Request, CanonicalSchema? Schema, BlockKind Kind)? Plan(ReadOnlyMemory<byte> bytes,
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
        request = Audited(request);
        bool isNew = core.Blocks.Put(in request, out BlockInfo info);
        return BlockProof.ResultOf(in info, isNew);
    }

    private (PutResult Put, BlockKind Kind)? PutStaged(int length, Action<Span<byte>> fill, Cid expected,
        bool onlyBatch, ulong nanoseconds)
    {
        using StagedBlock staged = core.Blocks.Stage(length);
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
            raw = Audited(raw);
            bool isNewRaw = core.Blocks.PutStaged(staged, in raw, in digest, out BlockInfo rawInfo);
            return (BlockProof.ResultOf(in rawInfo, isNewRaw), BlockKind.Raw);
        }

        var request = new PutRequest(RecordKind.Batch, (uint)Multicodec.Raw, source, made.Schema.Digest, made.Rows,
            RecordFlags.OwnEncoder)
        {
            TimeNanoseconds = nanoseconds,
        };
        request = Audited(request);
        PutResult put = core.Blocks.Schemas.PutUnder(made.Schema, () =>
        {
            bool isNew = core.Blocks.PutStaged(staged, in request, in digest, out BlockInfo info);
            return BlockProof.ResultOf(in info, isNew);
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

    /// <summary>Whether a block has a segment of its own, which can be filled slowly: no other put waits for
    /// it.</summary>
    public bool HasOwnSegment(int length) => core.Blocks.HasOwnSegment(length);

    /// <summary>Puts a block whose body has come: its bytes are copied to their places and hashed.</summary>
    /// <param name="block">The plan of the block.</param>
    /// <param name="body">All of the body.</param>
    /// <param name="expected">As for <see cref="PutExpected"/>.</param>
    /// <param name="options">As for <see cref="PutExpected"/>.</param>
    /// <exception cref="NotDirectException">The body needs the encoder; nothing was put.</exception>
    public PutResult PutDirect(DirectBlock block, IBodySource body, Cid expected, PutOptions? options) =>
        PutAs(options, facts =>
        {
            PutRequest request = RequestOf(block, new DirectSource(block, body, expected)) with { Facts = facts };
            return core.Blocks.Schemas.PutUnder(block.Schema, () =>
            {
                bool isNew = core.Blocks.Put(in request, out BlockInfo info);
                return BlockProof.ResultOf(in info, isNew);
            });
        });

    /// <summary>Reserves the memory of a block, to be filled as its body comes.</summary>
    /// <returns>Null where there is no space now, or other uploads hold as much as they may.</returns>
    public DirectUpload? TryReceive(DirectBlock block)
    {
        int capacity = (int)Storage.StoreLayout.RoundUp(block.Length, Storage.StoreLayout.RecordAlignment);
        return core.Blocks.TryStage(capacity) is { } staged ? new DirectUpload(this, block, staged, capacity) : null;
    }

    public PutResult PutStaged(DirectBlock block, StagedBlock staged, Digest256 digest, Cid expected,
        PutOptions? options) => PutAs(options, facts =>
        {
            ExpectedCid.RequireBatch(expected, digest);
            PutRequest request = RequestOf(block, new FilledBlock(block.Length)) with { Facts = facts };
            return core.Blocks.Schemas.PutUnder(block.Schema, () =>
            {
                bool isNew = core.Blocks.PutStaged(staged, in request, in digest, out BlockInfo info);
                return BlockProof.ResultOf(in info, isNew);
            });
        });

    public void EndReceiving(int capacity) => core.Blocks.EndStaging(capacity);

    private static PutRequest RequestOf(DirectBlock block, IBlockSource source) => new(RecordKind.Batch,
        (uint)Multicodec.Raw, source, block.Schema.Digest, block.Rows, RecordFlags.OwnEncoder);

    /// <summary>Puts a block's bytes where the stored copy is damaged; nothing is announced.</summary>
    /// <returns>Whether the stored copy was damaged or not found.</returns>
    public bool PutRepair(Cid cid, ReadOnlyMemory<byte> bytes)
    {
        PutRequest request;
        CanonicalSchema? schema = null;
        if (cid.Codec == Multicodec.Raw)
        {
            (request, schema, _) = Plan(bytes, new RawBlock(bytes, cid), onlyBatch: false)!.Value;
        }
        else
        {
            ExpectedCid.RequireHash(cid, Sha256.Hash(bytes.Span));
            request = Request(bytes) with { Codec = (uint)cid.Codec };
        }

        request = request with { IsRepair = true };
        PutResult put = schema is null ? Put(request) : PutNeeding(request, schema);
        return put.IsNew || put.IsRepaired;
    }

    /// <summary>What bytes are put as, and of a batch its schema.</summary>
    public static (PutRequest Request, CanonicalSchema? Schema) RequestOf(ReadOnlyMemory<byte> bytes)
    {
        (PutRequest request, CanonicalSchema? schema, _) = Plan(bytes, new RawBlock(bytes), onlyBatch: false)!.Value;
        return (request, schema);
    }

    /// <summary>The metadata of a put as a record; null where there are none.</summary>
    public FactRecord? FactsOf(PutOptions options) =>
        core.Registry.Facts.RecordOfPut(options, options.Pin, options.Name);

    public static void ThrowIfNameOfMany(PutManyOptions options, int count, string parameter)
    {
        if (options.Metadata?.Name is not { } name || count == 1) return;
        throw new ArgumentException($"The name '{name}' points to one block, and {count} are put.", parameter);
    }

    private sealed class DirectSource(DirectBlock block, IBodySource body, Cid expected) : IBlockSource
    {
        public int Length => block.Length;

        public Digest256 WriteTo(Span<byte> destination)
        {
            block.Begin(destination);
            block.Take(destination, body);
            return block.IsCanonical ? block.End(destination) : throw new NotDirectException();
        }

        public void Validate(Digest256 digest) => ExpectedCid.RequireBatch(expected, digest);
    }
}
