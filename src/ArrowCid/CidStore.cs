using System.Collections.Concurrent;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>
/// A store of record batches by CID: a directory of mapped files that any number of processes of one user opens at
/// once, with no server. On tmpfs (the default) it is shared memory. A batch is written once and read where it lies.
/// For any number of threads at once; not in a forked child.
/// </summary>
/// <example>
/// <code>
/// using var store = CidStore.Open();
/// PutResult put = store.Put(batch);
/// using BatchLease? lease = store.TryGet(put.Cid);
/// ReadOnlySpan&lt;double&gt; px = lease!.Batch.Column&lt;double&gt;("px").Values;
/// </code>
/// </example>
public sealed partial class CidStore : IDisposable
{
    private readonly BlockStore _blocks;
    private readonly VerifyMode _verify;

    // Schemas that this handle has put or seen in the store: put again only once a handle.
    private readonly ConcurrentDictionary<Digest256, bool> _schemas = new();

    private CidStore(BlockStore blocks, VerifyMode verify) => (_blocks, _verify) = (blocks, verify);

    /// <summary>The store's directory, as a full path.</summary>
    public string Directory => _blocks.Directory;

    /// <summary>Whether puts are refused: the options say so, or the store has features that this version only
    /// reads.</summary>
    public bool IsReadOnly => _blocks.IsReadOnly;

    /// <summary>
    /// The directory that <see cref="Open"/> takes where none is named: what <c>ARROWCID_STORE</c> says, else
    /// <c>/dev/shm/arrowcid-UID/default</c>.
    /// </summary>
    public static string DefaultDirectory =>
        Environment.GetEnvironmentVariable("ARROWCID_STORE") is { Length: > 0 } set
            ? set
            : SharedDirectory("default");

    /// <summary>Where a store of this user's in shared memory belongs, under a name.</summary>
    /// <param name="name">A name for a directory, without a slash.</param>
    /// <returns><c>/dev/shm/arrowcid-UID/name</c>; nothing is created.</returns>
    public static string SharedDirectory(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return $"/dev/shm/arrowcid-{FileDescriptor.EffectiveUserId}/{name}";
    }

    /// <summary>Opens a store, and makes it where none is.</summary>
    /// <param name="directory">Its directory; by default <see cref="DefaultDirectory"/>.</param>
    /// <param name="options">How; by default <see cref="CidStoreOptions"/>' defaults.</param>
    /// <returns>The store, to be disposed of.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: not 64-bit Linux, or a file system
    /// without file locks; <see cref="ErrorCode.AccessDenied"/>: somebody else's directory;
    /// <see cref="ErrorCode.StoreGone"/>: none is there and it must exist; <see cref="ErrorCode.StoreFull"/>: no room
    /// for one; <see cref="ErrorCode.FormatVersion"/> or <see cref="ErrorCode.BlockCorrupt"/>: what is there is not a
    /// store that this version reads.</exception>
    public static CidStore Open(string? directory = null, CidStoreOptions? options = null)
    {
        options ??= new CidStoreOptions();
        return new CidStore(BlockStore.Open(directory ?? DefaultDirectory, options.ToSettings()), options.Verify);
    }

    /// <summary>
    /// Puts a batch: its canonical block is written into the store's shared memory and hashed there. Once this returns
    /// any process finds it. A block that is there already is announced again and takes no room.
    /// </summary>
    /// <param name="batch">The batch; its memory is read until the call returns.</param>
    /// <returns>The block's address and whether it is new.</returns>
    /// <exception cref="InvalidArrowException">The batch has no canonical block (<c>canonical-block.md</c>, section
    /// 4).</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.StoreFull"/>, <see cref="ErrorCode.IndexFull"/> or
    /// <see cref="ErrorCode.TooLarge"/>: no room; <see cref="ErrorCode.Busy"/>: others hold what is needed; a retry may
    /// help.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public PutResult Put(RecordBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using BlockPlan plan = BlockPlan.Of(batch);
        PutSchema(plan.Schema);
        bool isNew = _blocks.Put(RecordKind.Batch, (uint)Multicodec.Raw, new PlannedBlock(plan),
            plan.Schema.Digest, plan.Rows,
            RecordFlags.OwnEncoder, out BlockInfo info);
        return new PutResult(AddressOf(in info), isNew);
    }

    /// <summary>Finds a batch.</summary>
    /// <param name="cid">The CID of its canonical block.</param>
    /// <returns>A lease, to be disposed of, or null where the block is not here: so for every CID that is not of
    /// SHA-256 and codec raw.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: its bytes are damaged;
    /// <see cref="ErrorCode.SchemaMismatch"/>: the block is not a batch (<see cref="TryCopyTo"/> copies any);
    /// <see cref="ErrorCode.NotCanonical"/>: it was checked (<see cref="VerifyMode"/>) and is not
    /// canonical.</exception>
    public BatchLease? TryGet(Cid cid)
    {
        BlockLease? block = Find(cid);
        if (block is null) return null;
        try
        {
            BlockInfo info = block.Info;
            if (info.Kind is RecordKind.Schema or RecordKind.View)
            {
                throw new ArrowCidException(ErrorCode.SchemaMismatch,
                    $"{cid} is {(info.Kind == RecordKind.Schema ? "a schema" : "a part of a block")}, not a batch");
            }

            RecordBatch batch = Read(block, in info);
            return new BatchLease(block, AddressOf(in info), batch);
        }
        catch
        {
            block.Dispose();
            throw;
        }
    }

    /// <summary>Whether a block is here. It may be gone the next moment; only a lease holds it.</summary>
    /// <param name="cid">The CID.</param>
    /// <returns>True where it is here.</returns>
    public bool Contains(Cid cid)
    {
        using BlockLease? block = Find(cid);
        return block is not null;
    }

    /// <summary>What is known of a block, without a look at its bytes.</summary>
    /// <param name="cid">The CID.</param>
    /// <returns>The block, or null where it is not here.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: its record is damaged.</exception>
    public StoredBlock? TryFind(Cid cid)
    {
        using BlockLease? block = Find(cid);
        return block is null ? null : Describe(block.Info);
    }

    /// <summary>The batches that are here, each once. One that is put meanwhile may be left out.</summary>
    /// <returns>What is known of each, without a look at its bytes.</returns>
    public IEnumerable<StoredBlock> List() =>
        _blocks.List().Where(info => info.Kind == RecordKind.Batch).Select(info => Describe(in info));

    /// <summary>What the store looks like now, for people.</summary>
    /// <returns>Sizes and counts.</returns>
    public CidStoreFigures GetFigures()
    {
        StoreFigures figures = _blocks.Figures();
        return new CidStoreFigures(figures.Id, figures.Created, figures.Capacity,
            figures.BytesTaken, figures.BytesCommitted,
            figures.OpenSegments + figures.SealedSegments, figures.SegmentSize, figures.Lanes, figures.LanesInUse);
    }

    /// <summary>Lets go of the store. Watches end; leases stay readable until they are disposed of
    /// themselves.</summary>
    public void Dispose() => _blocks.Dispose();

    /// <summary>A reader that learns of a block can get its schema too: that is put first, once.</summary>
    private void PutSchema(CanonicalSchema schema)
    {
        if (_schemas.ContainsKey(schema.Digest)) return;
        using (BlockLease? known = _blocks.Find(schema.Digest))
        {
            if (known is null)
            {
                _ = _blocks.Put(RecordKind.Schema, (uint)Multicodec.Raw, new SchemaBlock(schema), schema.Digest, 0,
                    RecordFlags.OwnEncoder, out _);
            }
        }

        Remember(_schemas, schema.Digest, true);
    }

    private BlockLease? Find(Cid cid) =>
        cid.Version == 1 && cid.Codec == Multicodec.Raw && cid.TryGetSha256(out Digest256 digest)
            ? _blocks.Find(digest) : null;

    private static BlockAddress AddressOf(in BlockInfo info) => new(Cid.FromSha256(Multicodec.Raw, info.Digest),
        Cid.FromSha256(Multicodec.Raw, info.SchemaDigest), info.Rows, info.Length);

    private static StoredBlock Describe(in BlockInfo info) => new(AddressOf(in info), info.Time);

    /// <summary>A table that forgets everything rather than grow without end: it only saves work.</summary>
    private static void Remember<T>(ConcurrentDictionary<Digest256, T> table, Digest256 digest, T value)
    {
        const int Most = 1 << 16;
        if (table.Count >= Most) table.Clear();
        table[digest] = value;
    }

    private sealed class PlannedBlock(BlockPlan plan) : IBlockSource
    {
        public int Length => plan.Length;

        public Digest256 WriteTo(Span<byte> destination) => plan.WriteTo(destination);
    }

    private sealed class SchemaBlock(CanonicalSchema schema) : IBlockSource
    {
        public int Length => schema.Message.Length;

        public Digest256 WriteTo(Span<byte> destination)
        {
            schema.Message.CopyTo(destination);
            return schema.Digest;
        }
    }
}
