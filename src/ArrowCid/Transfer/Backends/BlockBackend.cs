using ArrowCid.Memory;

namespace ArrowCid.Transfer.Backends;

/// <summary>
/// A holder of blocks by CID: a store, this process's memory, a directory of files, an IPFS gateway, a bucket, or
/// several of them in turn. This class hashes every block that a derived class reads or is given to write, so that no
/// caller gets bytes that do not hash to their CID. Safe for concurrent use.
/// </summary>
/// <remarks>A derived class overrides <see cref="TryRead"/>, and <see cref="CanPut"/> with <see cref="Write"/> if it
/// stores blocks. It overrides <see cref="Has"/> if it can answer without reading the block, <see
/// cref="CanReadRanges"/> with <see cref="TryReadRange"/> if it can read a part of a block alone, <see cref="HasMany"/>
/// and <see cref="WriteMany"/> if one request can be about many blocks, and <see cref="CanList"/> with
/// <see cref="ListBlocks"/> if it knows which blocks it has.</remarks>
public abstract partial class BlockBackend : IDisposable
{
    // The blocks that a copy looks up at once.
    private const int AskedAtOnce = 256;

    private volatile bool _isClosed;

    /// <summary>Creates a backend.</summary>
    /// <param name="name">The location that messages show; it holds no secret.</param>
    protected BlockBackend(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
    }

    /// <summary>Where it is, for people.</summary>
    public string Name { get; }

    /// <summary>Whether <see cref="Put"/> keeps blocks.</summary>
    public virtual bool CanPut => false;

    /// <summary>Whether <see cref="Delete"/> removes blocks.</summary>
    public virtual bool CanDelete => false;

    /// <summary>Whether <see cref="List"/> enumerates the blocks.</summary>
    public virtual bool CanList => false;

    /// <summary>The directory that is locked while copies in it are counted or removed; null where none can be
    /// locked.</summary>
    internal virtual string? LockDirectory => null;

    /// <summary>Blocks in this process's memory.</summary>
    /// <returns>An empty one.</returns>
    public static BlockBackend InMemory() => new MemoryBackend();

    /// <summary>A directory of files, a block each: <c>CID.arrows</c>, whatever is no Arrow stream
    /// <c>CID.block</c>.</summary>
    /// <param name="directory">The directory; the first put makes it.</param>
    /// <returns>The blocks that lie there whenever one is asked for.</returns>
    public static BlockBackend Folder(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return new FolderBackend(Path.GetFullPath(directory));
    }

    /// <summary>An HTTP gateway of IPFS, such as <c>arrowcid serve</c> is, to be read.</summary>
    /// <param name="url">Its root; the path <c>/ipfs/CID</c> is below it.</param>
    /// <param name="timeout">How long one block may take; null for 30 seconds.</param>
    /// <returns>What it has; nothing is asked for yet.</returns>
    public static BlockBackend Gateway(Uri url, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(url);
        return url.IsAbsoluteUri && url.Scheme is "http" or "https"
            ? new GatewayBackend(url, timeout ?? TimeSpan.FromSeconds(30))
            : throw new ArgumentException($"{url} is no http or https URL.", nameof(url));
    }

    /// <summary>Several places: the first that has a block gives it. One that fails is passed where a later one has the
    /// block.</summary>
    /// <param name="places">The nearest first; they are disposed of with it.</param>
    /// <param name="fill">Whether the first keeps what came from a later one.</param>
    /// <returns>All of them as one.</returns>
    public static BlockBackend Several(IReadOnlyList<BlockBackend> places, bool fill = false)
    {
        ArgumentNullException.ThrowIfNull(places);
        if (places.Count == 0) throw new ArgumentException("There is no place.", nameof(places));
        if (fill && !places[0].CanPut) throw new ArgumentException($"{places[0].Name} keeps nothing.", nameof(places));
        return new SeveralBackends([.. places], fill);
    }

    /// <summary>Several backends of which any may answer, such as gateways: the first is asked, and the next one too
    /// where it has not answered after a delay, fails, or lacks the block. The first answer whose bytes are proved
    /// counts, and the other reads are canceled. A backend that has failed is asked last for 30 seconds.</summary>
    /// <param name="backends">The preferred ones first; they are disposed of with it.</param>
    /// <param name="options">When the next one is asked; null: the defaults.</param>
    /// <returns>All of them as one, which is only read.</returns>
    public static BlockBackend Hedged(IReadOnlyList<BlockBackend> backends, HedgeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(backends);
        options ??= new HedgeOptions();
        if (backends.Count == 0) throw new ArgumentException("There is no backend.", nameof(backends));
        bool isDelay = options.Delay is null || options.Delay >= TimeSpan.Zero
            || options.Delay == Timeout.InfiniteTimeSpan;
        if (!isDelay || options.MaxParallel < 1)
            throw new ArgumentException("A delay is not negative, and at least 1 is asked.", nameof(options));
        return new HedgedBackend([.. backends], options, isOwner: true);
    }

    /// <summary>Tests whether the backend answers, before it is relied on. A bucket is prepared for blocks.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>A warning about what it does not do, as a clause; null if there is none.</returns>
    /// <exception cref="ArrowCidException">It cannot be used; as for <see cref="TryGet"/>.</exception>
    public virtual string? Test(CancellationToken cancellationToken = default) => null;

    /// <summary>Finds a block.</summary>
    /// <param name="cid">Its CID.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The block, to be disposed, its bytes just proved; null if it is not stored, and for every CID that is
    /// not of version 1 with SHA-256.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: the stored bytes differ; <see
    /// cref="ErrorCode.Io"/>, <see cref="ErrorCode.AccessDenied"/> or <see cref="ErrorCode.Busy"/> (it refuses the
    /// connection): the source does not answer; <see cref="ErrorCode.TooLarge"/>: over 2^31 - 1024 bytes.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public BlockLease? TryGet(Cid cid, CancellationToken cancellationToken = default)
    {
        Begin(cancellationToken);
        return IsAddress(cid, out Digest256 digest) ? Find(cid, in digest, cancellationToken) : null;
    }

    /// <summary>Returns whether a block is stored. Its bytes need not be read; <see cref="TryGet"/> proves
    /// them.</summary>
    /// <param name="cid">Its CID.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>True if it is stored; false for every CID that is not of version 1 with SHA-256.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="TryGet"/>.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public bool Contains(Cid cid, CancellationToken cancellationToken = default)
    {
        Begin(cancellationToken);
        return IsAddress(cid, out _) && Has(cid, cancellationToken);
    }

    /// <summary>Finds which of many blocks are stored, with as few requests as the backend needs. Their bytes need not
    /// be read.</summary>
    /// <param name="cids">Their CIDs.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>For each CID, what <see cref="Contains"/> returns.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="TryGet"/>.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public bool[] ContainsMany(IReadOnlyList<Cid> cids, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(cids);
        Begin(cancellationToken);
        var asked = new List<Cid>(cids.Count);
        var places = new List<int>(cids.Count);
        for (int i = 0; i < cids.Count; i++)
        {
            if (!IsAddress(cids[i], out _)) continue;
            asked.Add(cids[i]);
            places.Add(i);
        }

        var answers = new bool[asked.Count];
        HasMany(asked, answers, cancellationToken);
        var found = new bool[cids.Count];
        for (int i = 0; i < answers.Length; i++) found[places[i]] = answers[i];
        return found;
    }

    /// <summary>Lists the blocks that are stored, each once, in no order. A block that is put or deleted meanwhile may
    /// be listed or not.</summary>
    /// <param name="cancellationToken">Cancels the enumeration.</param>
    /// <returns>Their CIDs, found while they are listed. No bytes are read; <see cref="TryGet"/> proves them.</returns>
    /// <exception cref="NotSupportedException">It cannot list its blocks (<see cref="CanList"/>).</exception>
    /// <exception cref="ArrowCidException">While it is read: as for <see cref="TryGet"/>.</exception>
    /// <exception cref="OperationCanceledException">The enumeration was canceled.</exception>
    public IEnumerable<Cid> List(CancellationToken cancellationToken = default)
    {
        Begin(cancellationToken);
        return CanList
            ? ListBlocks(cancellationToken)
            : throw new NotSupportedException($"{Name} cannot list its blocks.");
    }

    /// <summary>Keeps a block; one that is here already stays.</summary>
    /// <param name="cid">Its CID.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="NotSupportedException">It keeps nothing (<see cref="CanPut"/>).</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: the bytes do not hash to the CID;
    /// <see cref="ErrorCode.InvalidCid"/>: it is not of version 1 with a SHA-256; the place's own.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public void Put(Cid cid, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        Begin(cancellationToken);
        if (!CanPut) throw new NotSupportedException($"{Name} is only read.");
        if (!IsAddress(cid, out Digest256 digest))
            throw new ArrowCidException(ErrorCode.InvalidCid, $"{cid} is not of version 1 with a SHA-256");
        if (Sha256.Hash(bytes.Span) != digest)
            throw new ArrowCidException(ErrorCode.InvalidData, $"the bytes are not {cid}; nothing was kept");
        Write(cid, bytes, cancellationToken);
    }

    /// <summary>Removes a block. Nothing happens where it is not stored.</summary>
    /// <param name="cid">Its CID.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="NotSupportedException">It removes nothing (<see cref="CanDelete"/>).</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: the block is needed there; others as for
    /// <see cref="TryGet"/>.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public void Delete(Cid cid, CancellationToken cancellationToken = default)
    {
        Begin(cancellationToken);
        if (!CanDelete) throw new NotSupportedException($"{Name} removes nothing.");
        if (IsAddress(cid, out _)) Remove(cid, cancellationToken);
    }

    /// <summary>Copies blocks from another backend, with all blocks that they need: of a dataset its pages, schema and
    /// batches, of a batch its schema. A block is written after those that it links to, and every block is hashed
    /// before it is written. Blocks that are stored already stay. Except in a store, a batch over 1 MiB is stored with
    /// its column manifest, which is not counted.</summary>
    /// <param name="source">The backend that has the blocks.</param>
    /// <param name="cids">The blocks.</param>
    /// <param name="progress">Gets the number of bytes that were copied so far.</param>
    /// <param name="cancellationToken">Cancels the call. Blocks that were copied before stay.</param>
    /// <returns>The numbers of blocks and bytes.</returns>
    /// <exception cref="NotSupportedException">This backend stores nothing (<see cref="CanPut"/>).</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: the source lacks a block; others as
    /// for <see cref="TryGet"/> of the source and <see cref="Put"/>. Blocks that were copied before stay.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public BlockCopyResult CopyFrom(BlockBackend source, IReadOnlyList<Cid> cids,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(cids);
        Begin(cancellationToken);
        if (!CanPut) throw new NotSupportedException($"{Name} is only read.");
        var operation = new Operation(ProgressUnit.Bytes, progress, cancellationToken);
        BlockCopyResult copied = CopyAll(source, BlockWalk.ChildrenFirst(source, cids, cancellationToken), operation);
        operation.Finish();
        return copied;
    }

    /// <summary>Copies blocks and nothing that they need, and the column manifests of large batches.</summary>
    internal BlockCopyResult CopyAll(BlockBackend source, IReadOnlyList<Cid> cids, Operation operation)
    {
        var manifests = new ManifestCopies(source);
        BlockCopyResult copied = CopyBlocks(source, cids, manifests, operation);
        CopyManifests(manifests, operation.Token);
        return copied;
    }

    /// <summary>Copies blocks, and makes the column manifests of the large batches among those that are new.</summary>
    internal BlockCopyResult CopyBlocks(BlockBackend source, IReadOnlyList<Cid> cids, ManifestCopies manifests,
        Operation operation)
    {
        bool keepsManifests = KeepsManifests;
        return WriteMany(cids, Open, operation.BeginPart(), operation.Token);

        BlockLease Open(Cid cid)
        {
            BlockLease block = source.Get(cid, operation.Token);
            return keepsManifests ? manifests.Add(block) : block;
        }
    }

    /// <summary>Writes column manifests.</summary>
    internal void CopyManifests(ManifestCopies manifests, CancellationToken cancellationToken)
    {
        IReadOnlyList<Cid> cids = manifests.Cids;
        if (cids.Count == 0) return;
        _ = WriteMany(cids, cid => manifests.Open(cid, cancellationToken), progress: null, cancellationToken);
    }

    /// <summary>Stores blocks whose bytes are proved, as <see cref="WriteMany"/> does.</summary>
    internal BlockCopyResult WriteProved(IReadOnlyList<Cid> cids, Func<Cid, BlockLease> open, Action<long>? progress,
        CancellationToken cancellationToken)
    {
        Begin(cancellationToken);
        return WriteMany(cids, open, progress, cancellationToken);
    }

    /// <summary>Writes blocks and all beneath them as a CAR, as <see cref="StoreTransfer.ExportCar"/> does. A block
    /// that is looked at more than once is fetched as often.</summary>
    /// <param name="cids">Batches, datasets, and other blocks.</param>
    /// <param name="output">Where to; it is not flushed.</param>
    /// <param name="options">How; by default CARv1 with UnixFS files.</param>
    /// <param name="progress">Gets the number of bytes of blocks that were written so far.</param>
    /// <param name="cancellationToken">Cancels the call. The output is not complete then.</param>
    /// <returns>What was written.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="StoreTransfer.ExportCar"/> and <see
    /// cref="TryGet"/>.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public CarExport ExportCar(IReadOnlyList<Cid> cids, Stream output, CarExportOptions? options = null,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var operation = new Operation(ProgressUnit.Bytes, progress, cancellationToken);
        return CarExporter.Write(Open, Open, cids, output, options, operation);

        BlockLease Open(Cid cid) => Get(cid, cancellationToken);
    }

    /// <summary>Does what <see cref="ExportCar"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="ExportCar"/>
    public Task<CarExport> ExportCarAsync(IReadOnlyList<Cid> cids, Stream output, CarExportOptions? options = null,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => ExportCar(cids, output, options, progress, cancellationToken), cancellationToken);

    /// <summary>A block that must be here.</summary>
    internal BlockLease Get(Cid cid, CancellationToken cancellationToken = default) =>
        TryGet(cid, cancellationToken) ??
        throw new ArrowCidException(ErrorCode.BlockNotFound, $"no block {cid} at {Name}");

    /// <summary>Lets go of the place. Blocks stay readable until they are disposed of themselves.</summary>
    public void Dispose()
    {
        _isClosed = true;
        Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>Reads the bytes of a block. They need not be proved: the caller hashes them.</summary>
    /// <param name="cid">A CID of version 1 with SHA-256.</param>
    /// <param name="bytes">The bytes, which nothing changes afterward.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>False if the block is not stored.</returns>
    protected virtual bool TryRead(Cid cid, out ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        bytes = default;
        return false;
    }

    /// <summary>Returns whether a block is stored. By default the block is read.</summary>
    /// <param name="cid">A CID of version 1 with SHA-256.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>True if it is stored.</returns>
    protected virtual bool Has(Cid cid, CancellationToken cancellationToken)
    {
        using BlockLease? block = TryGet(cid, cancellationToken);
        return block is not null;
    }

    /// <summary>Finds which of many blocks are stored. By default each is looked up by itself.</summary>
    /// <param name="cids">CIDs of version 1 with SHA-256.</param>
    /// <param name="found">Gets, for each CID, whether its block is stored.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    protected virtual void HasMany(IReadOnlyList<Cid> cids, Span<bool> found, CancellationToken cancellationToken)
    {
        for (int i = 0; i < cids.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            found[i] = Has(cids[i], cancellationToken);
        }
    }

    /// <summary>Lists the blocks that are stored, each once.</summary>
    /// <param name="cancellationToken">Cancels the enumeration.</param>
    /// <returns>Their CIDs.</returns>
    protected virtual IEnumerable<Cid> ListBlocks(CancellationToken cancellationToken) =>
        throw new NotSupportedException($"{Name} cannot list its blocks.");

    /// <summary>Stores a block, or leaves the stored one.</summary>
    /// <param name="cid">A CID of version 1 with SHA-256.</param>
    /// <param name="bytes">The bytes, which hash to it. They are valid until the call returns.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    protected virtual void Write(Cid cid, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        throw new NotSupportedException($"{Name} is only read.");

    /// <summary>Removes a block, or does nothing where it is not stored.</summary>
    /// <param name="cid">A CID of version 1 with SHA-256.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    protected virtual void Remove(Cid cid, CancellationToken cancellationToken) =>
        throw new NotSupportedException($"{Name} removes nothing.");

    /// <summary>Releases what the backend holds. Called once or more.</summary>
    protected virtual void Close()
    {
    }

    /// <summary>Finds a block whose bytes are proved.</summary>
    private protected virtual BlockLease? Find(Cid cid, in Digest256 digest, CancellationToken cancellationToken)
    {
        if (!TryRead(cid, out ReadOnlyMemory<byte> bytes, cancellationToken)) return null;
        return Sha256.Hash(bytes.Span) == digest
            ? new BlockLease(cid, bytes, null)
            : throw new ArrowCidException(ErrorCode.BlockCorrupt, $"{Name} has other bytes for {cid}");
    }

    /// <summary>Stores blocks in this order, unless they are stored already. By default one after the other.</summary>
    /// <param name="cids">The blocks, each once, and each after the blocks that it links to.</param>
    /// <param name="open">Opens one, with its bytes just proved. The caller disposes of it.</param>
    /// <param name="progress">Gets the number of bytes that were stored so far.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The numbers of blocks and bytes.</returns>
    protected virtual BlockCopyResult WriteMany(IReadOnlyList<Cid> cids, Func<Cid, BlockLease> open,
        Action<long>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(cids);
        ArgumentNullException.ThrowIfNull(open);
        int added = 0;
        long bytes = 0;
        foreach (Cid[] some in cids.Chunk(AskedAtOnce))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var found = new bool[some.Length];
            HasMany(some, found, cancellationToken);
            for (int i = 0; i < some.Length; i++)
            {
                if (found[i]) continue;
                cancellationToken.ThrowIfCancellationRequested();
                using BlockLease block = open(some[i]);
                Write(some[i], block.Bytes, cancellationToken);
                added++;
                bytes += block.Bytes.Length;
                progress?.Invoke(bytes);
            }
        }

        return new BlockCopyResult { Blocks = cids.Count, NewBlocks = added, ByteLength = bytes };
    }

    /// <summary>The schema of a batch; the default for other blocks.</summary>
    internal virtual Cid FindSchema(Cid cid, CancellationToken cancellationToken)
    {
        using BlockLease block = Get(cid, cancellationToken);
        return block.FindSchema();
    }

    private void Begin(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private static bool IsAddress(Cid cid, out Digest256 digest)
    {
        digest = default;
        return cid is { IsDefault: false, Version: 1 } && cid.TryGetSha256(out digest);
    }
}
