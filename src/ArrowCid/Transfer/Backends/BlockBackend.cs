using ArrowCid.Memory;

namespace ArrowCid.Transfer.Backends;

/// <summary>
/// A place that has blocks by CID: a store, this process's memory, a directory of files, an IPFS gateway, or several of
/// them one after the other. Whatever it is, what it gives hashes to the CID. For any number of threads at once.
/// </summary>
public abstract class BlockBackend : IDisposable
{
    private volatile bool _isClosed;

    private protected BlockBackend(string name) => Name = name;

    /// <summary>Where it is, for people.</summary>
    public string Name { get; }

    /// <summary>Whether <see cref="Put"/> keeps blocks.</summary>
    public virtual bool CanPut => false;

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

    /// <summary>Finds a block.</summary>
    /// <param name="cid">Its CID.</param>
    /// <returns>The block, to be disposed, its bytes just proved; null if it is not stored, and for every CID that is
    /// not of version 1 with SHA-256.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: the stored bytes differ; <see
    /// cref="ErrorCode.Io"/>, <see cref="ErrorCode.AccessDenied"/> or <see cref="ErrorCode.Busy"/> (it refuses the
    /// connection): the source does not answer; <see cref="ErrorCode.TooLarge"/>: over 2^31 - 1024 bytes.</exception>
    public BackendBlock? TryGet(Cid cid)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        return cid is { IsDefault: false, Version: 1 } && cid.TryGetSha256(out Digest256 digest)
            ? Find(cid, in digest)
            : null;
    }

    /// <summary>Keeps a block; one that is here already stays.</summary>
    /// <param name="cid">Its CID.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <exception cref="NotSupportedException">It keeps nothing (<see cref="CanPut"/>).</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: the bytes do not hash to the CID;
    /// <see cref="ErrorCode.InvalidCid"/>: it is not of version 1 with a SHA-256; the place's own.</exception>
    public void Put(Cid cid, ReadOnlyMemory<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        if (!CanPut) throw new NotSupportedException($"{Name} is only read.");
        if (cid.IsDefault || cid.Version != 1 || !cid.TryGetSha256(out Digest256 digest))
            throw new ArrowCidException(ErrorCode.InvalidCid, $"{cid} is not of version 1 with a SHA-256");
        if (Sha256.Hash(bytes.Span) != digest)
            throw new ArrowCidException(ErrorCode.InvalidData, $"the bytes are not {cid}; nothing was kept");
        Keep(cid, in digest, bytes);
    }

    /// <summary>Writes blocks and all beneath them as a CAR, as <see cref="StoreTransfer.ExportCar"/> does. A block
    /// that is looked at more than once is fetched as often.</summary>
    /// <param name="cids">Batches, datasets, and other blocks.</param>
    /// <param name="output">Where to; it is not flushed.</param>
    /// <param name="options">How; by default CARv1 with UnixFS files.</param>
    /// <returns>What was written.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="StoreTransfer.ExportCar"/> and <see
    /// cref="TryGet"/>.</exception>
    public CarExport ExportCar(IReadOnlyList<Cid> cids, Stream output, CarExportOptions? options = null) =>
        CarExporter.Write(Get, Get, cids, output, options);

    /// <summary>A block that must be here.</summary>
    internal BackendBlock Get(Cid cid) => TryGet(cid) ??
        throw new ArrowCidException(ErrorCode.BlockNotFound, $"no block {cid} at {Name}");

    /// <summary>Lets go of the place. Blocks stay readable until they are disposed of themselves.</summary>
    public void Dispose()
    {
        _isClosed = true;
        Close();
        GC.SuppressFinalize(this);
    }

    private protected abstract BackendBlock? Find(Cid cid, in Digest256 digest);

    private protected virtual void Keep(Cid cid, in Digest256 digest, ReadOnlyMemory<byte> bytes) =>
        throw new NotSupportedException($"{Name} is only read.");

    private protected virtual void Close()
    {
    }

    /// <summary>Bytes of this process's own, once they are proved.</summary>
    private protected BackendBlock Prove(Cid cid, in Digest256 digest, byte[] bytes) => Sha256.Hash(bytes) == digest
        ? new BackendBlock(cid, bytes, null)
        : throw new ArrowCidException(ErrorCode.BlockCorrupt, $"{Name} has other bytes for {cid}");
}
