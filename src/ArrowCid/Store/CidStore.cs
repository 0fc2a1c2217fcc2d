using System.Diagnostics;
using ArrowCid.Columnar;
using ArrowCid.Memory;
using ArrowCid.Registry;
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
/// ReadOnlySpan&lt;double&gt; px = lease!.Column&lt;double&gt;("px").Values;
/// </code>
/// </example>
public sealed partial class CidStore : IDisposable, IAsyncDisposable
{
    private CidStore(BlockStore blocks, StoreRegistry registry, VerifyMode verify, CidStoreOptions options)
    {
        Core = new StoreCore(blocks, registry, verify, options.Timeout);
        Proofs = new BlockProof(Core);
        Reading = new BlockReading(Core, Proofs);
        Putting = new BlockPutting(Core);
        Watching = new StoreWatch(Core);
        Names = new StoreNames(this);
        Metadata = new StoreMetadata(this);
        Datasets = new StoreDatasets(this);
        Retention = new StoreRetention(this);
        Maintenance = new StoreMaintenance(this);
        Transfer = new StoreTransfer(this);
        Diagnostics = new StoreDiagnostics(this);
        Signatures = new StoreSignatures(this);
        Reading.Trust = Signatures.Trust;
        Places = new StorePlaces(this, options);
        if (options.ReadPlaces && !IsReadOnly) Core.Fill = new PlaceFill(this);
    }

    /// <summary>What the parts of this store share.</summary>
    internal StoreCore Core { get; }

    /// <summary>Proofs of what is read.</summary>
    internal BlockProof Proofs { get; }

    /// <summary>Leases on blocks of every kind.</summary>
    internal BlockReading Reading { get; }

    /// <summary>Puts of batches and bytes.</summary>
    internal BlockPutting Putting { get; }

    /// <summary>What follows the log.</summary>
    internal StoreWatch Watching { get; }

    /// <summary>The underlying block store, for inspection of the files.</summary>
    internal BlockStore Blocks => Core.Blocks;

    /// <summary>The registry below.</summary>
    internal StoreRegistry Registry => Core.Registry;

    /// <summary>This handle's clock (<see cref="CidStoreOptions.TimeProvider"/>).</summary>
    internal TimeProvider Clock => Blocks.Clock;

    /// <summary>Names of blocks and datasets: set, resolved, listed, with their history.</summary>
    public StoreNames Names { get; }

    /// <summary>Tags, expiry, provenance and other metadata of blocks; filters over them; the catalog.</summary>
    public StoreMetadata Metadata { get; }

    /// <summary>Datasets: ordered lists of batches of one schema under one CID.</summary>
    public StoreDatasets Datasets { get; }

    /// <summary>Pins, holds, removal, collection and forgetting of old versions.</summary>
    public StoreRetention Retention { get; }

    /// <summary>Compaction, repair, checkpoints and the maintenance policy.</summary>
    public StoreMaintenance Maintenance { get; }

    /// <summary>CAR files, backups, copies between stores and of single blocks.</summary>
    public StoreTransfer Transfer { get; }

    /// <summary>Places that have copies of blocks: other stores, directories, buckets, gateways.</summary>
    public StorePlaces Places { get; }

    /// <summary>Signed statements about blocks and names.</summary>
    public StoreSignatures Signatures { get; }

    /// <summary>Statistics, verification, segments and processes.</summary>
    public StoreDiagnostics Diagnostics { get; }

    /// <summary>The store's directory, as a full path.</summary>
    public string Directory => Core.Blocks.Directory;

    /// <summary>Whether puts are refused: the options say so, or the store has features that this version only
    /// reads.</summary>
    public bool IsReadOnly => Core.Blocks.IsReadOnly;

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
    /// <param name="directory">Its directory; by default <see cref="DefaultDirectory"/>. Where it does not exist it is
    /// made; the directory above it must exist, but for that of <see cref="SharedDirectory"/>.</param>
    /// <param name="options">How; by default <see cref="CidStoreOptions"/>' defaults.</param>
    /// <param name="progress">Gets the number of segments that were read so far, if the store must be rebuilt: another
    /// boot of the machine left it open, or it is a copy.</param>
    /// <param name="cancellationToken">Cancels the call. The directory holds the store that it held.</param>
    /// <returns>The store, to be disposed of.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: not 64-bit Linux, or a file system
    /// without file locks; <see cref="ErrorCode.AccessDenied"/>: the directory belongs to another user; <see
    /// cref="ErrorCode.StoreGone"/>: there is no store and it must exist; <see cref="ErrorCode.StoreFull"/>: no space
    /// for one; <see cref="ErrorCode.FormatVersion"/> or <see cref="ErrorCode.BlockCorrupt"/>: the directory does not
    /// hold a store that this version reads.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public static CidStore Open(string? directory = null, CidStoreOptions? options = null,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        options ??= new CidStoreOptions();
        directory ??= DefaultDirectory;
        FileName.Require(directory);
        // Copied bytes are hashed each time; their form is proved once, whatever their recorded origin.
        VerifyMode verify = options.CopyOnRead && options.Verify == VerifyMode.Trusted
            ? VerifyMode.FirstRead
            : options.Verify;
        options.Maintenance?.ThrowIfWrong();
        using Activity? activity = StoreMeter.Activities.StartActivity("arrowcid.store.open");
        _ = activity?.SetTag(StoreMeter.DirectoryTag, directory);
        StoreRegistry? registry = null;
        var operation = new Operation(ProgressUnit.Segments, progress, cancellationToken);
        BlockStore blocks = BlockStore.Open(directory, options.ToSettings() with { Opening = operation },
            opened => registry = new StoreRegistry(opened, options.Timeout,
                options.ReadOnly ? null : AuditScope.SubjectOf(options.AuditSubject)));
        var store = new CidStore(blocks, registry!, verify, options);
        CidStoreMeter.Add(store);
        if (options.Maintenance is { } maintenance) store.BeginMaintenance(maintenance);
        operation.Finish();
        return store;
    }

    /// <summary>As the public one, for a batch as the engine has it.</summary>
    /// <param name="batch">The batch; its memory is read until the call returns.</param>
    internal PutResult Put(RecordBatch batch) => Putting.Put(batch, null);

    /// <summary>Likewise, with metadata, a name or a pin.</summary>
    /// <param name="batch">The batch; its memory is read until the call returns.</param>
    /// <param name="options">The metadata, name and pin.</param>
    internal PutResult Put(RecordBatch batch, PutOptions options) => Putting.Put(batch, options);

    /// <summary>Finds a batch.</summary>
    /// <param name="cid">The CID of its canonical block.</param>
    /// <returns>A lease, to be disposed of, or null where the block is not here: so for every CID that is not of
    /// SHA-256, and for a batch's under another codec than raw.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: its bytes are damaged;
    /// <see cref="ErrorCode.SchemaMismatch"/>: the block is not a batch
    /// (<see cref="StoreTransfer.TryCopyTo"/> copies any);
    /// <see cref="ErrorCode.NotCanonical"/>: it was checked (<see cref="VerifyMode"/>) and is not
    /// canonical.</exception>
    public BatchLease? TryGet(Cid cid) => Reading.TryLeaseBatch(cid, null);

    /// <summary>Whether a block is here. It may be gone the next moment; only a lease holds it. One that is recorded as
    /// damaged counts as absent, so that a caller that has its bytes puts it again.</summary>
    /// <param name="cid">The CID.</param>
    /// <returns>True where it is here; false for every CID that is not of SHA-256, and for a batch's under another
    /// codec than raw.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: its record is damaged.</exception>
    public bool Contains(Cid cid)
    {
        if (cid.Codec == Multicodec.Raw)
        {
            return BlockProof.IsOurs(cid, out Digest256 digest) && Blocks.Contains(in digest) &&
                !Proofs.IsKnownDamaged(in digest) &&
                !Proofs.IsRemoved(in digest);
        }

        using RecordLease? block = Reading.FindHere(cid);
        return block is not null && !block.IsKnownDamaged(Blocks.Damages.Damaged);
    }

    /// <summary>Which of many blocks are here: as <see cref="Contains"/> for each, but what the look-ups wait for
    /// comes side by side, so that each takes a fraction of the time.</summary>
    /// <param name="cids">The CIDs.</param>
    /// <param name="found">Gets, for each CID, whether its block is here.</param>
    /// <exception cref="ArgumentException"><paramref name="found"/> is shorter than
    /// <paramref name="cids"/>.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: a record is damaged.</exception>
    public void ContainsMany(ReadOnlySpan<Cid> cids, Span<bool> found)
    {
        const int Piece = 64;
        if (found.Length < cids.Length)
            throw new ArgumentException($"There is space for {found.Length} of {cids.Length} answers.", nameof(found));
        Span<Digest256> digests = stackalloc Digest256[Piece];
        for (int at = 0; at < cids.Length; at += Piece)
        {
            int count = Math.Min(cids.Length - at, Piece);
            bool areOurs = true;
            for (int i = 0; i < count; i++)
                areOurs &= BlockProof.IsOurs(cids[at + i], out digests[i]) && cids[at + i].Codec == Multicodec.Raw;
            if (areOurs)
            {
                Blocks.Contains(digests[..count], found[at..]);
                if (!Blocks.Damages.Damaged.IsEmpty) Proofs.LeaveOutDamaged(digests[..count], found[at..]);
                for (int i = 0; i < count; i++) found[at + i] = found[at + i] && !Proofs.IsRemoved(in digests[i]);
                continue;
            }

            for (int i = 0; i < count; i++) found[at + i] = Contains(cids[at + i]);
        }
    }

    /// <summary>The batches that are here, each once. One that is put meanwhile may be left out.</summary>
    /// <returns>What is known of each, without a look at its bytes.</returns>
    internal IEnumerable<StoredBlock> List() => Core.Registry.Entries.Alive(
        Blocks.Listing.List().Where(info => info.Kind == RecordKind.Batch)).Select(info =>
            BlockProof.StoredOf(in info));

    /// <summary>Returns once every put that this store object has acknowledged survives a loss of power: on a disk,
    /// whatever is not flushed yet is flushed now, regardless of <see cref="CidStoreOptions.Durability"/>; in shared
    /// memory there is nothing to do.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/>: the flush failed, and it is unknown what would
    /// survive a loss of power; later puts fail with <see cref="ErrorCode.StoreFaulted"/>.</exception>
    public void Flush() => Core.Blocks.Flush();

    /// <summary>Lets go of the store. Watches end; leases stay readable until they are disposed of
    /// themselves.</summary>
    public void Dispose()
    {
        CidStoreMeter.Remove(this);
        _maintenance?.Dispose();
        Places.Cache.Close();
        Core.Fill?.Dispose();
        Registry.Dispose();
        Blocks.Dispose();
    }

    /// <summary>As <see cref="Dispose"/>, on a thread of the pool: closing waits for a step of maintenance in progress
    /// and, on a disk, for a flush.</summary>
    /// <returns>A task that ends once the store is closed.</returns>
    public ValueTask DisposeAsync() => new(Task.Run(Dispose));

    private IDisposable? _maintenance;

    /// <summary>Ends the maintenance of this handle, a step at work included; the store stays open.</summary>
    internal void EndMaintenance() => _maintenance?.Dispose();

    private void BeginMaintenance(MaintenanceOptions options)
    {
        if (!Blocks.IsReadOnly && !Blocks.IsRing) _maintenance = options.Begin(this);
    }
}
