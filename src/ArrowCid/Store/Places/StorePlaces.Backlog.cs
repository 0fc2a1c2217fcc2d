using ArrowCid.Memory;
using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>Copies of every new block to the places that take them all.</summary>
public sealed partial class StorePlaces
{

    /// <summary>Copies the backlog of a place: every block of this store that is not recorded there, in the order of
    /// the puts. What is in the backlog follows from the facts of copies, so that a copy that was killed is continued
    /// by the next one.</summary>
    /// <param name="name">The name of the place.</param>
    /// <param name="progress">Gets the number of bytes that were copied so far.</param>
    /// <param name="cancellationToken">Cancels the call. Blocks that were copied before stay there and are
    /// recorded.</param>
    /// <returns>The numbers of blocks and bytes.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.NameNotFound"/>: there is no such place;
    /// <see cref="ErrorCode.Unsupported"/>: it stores nothing; <see cref="ErrorCode.Busy"/>: another process copies the
    /// backlog; <see cref="ErrorCode.BlockCorrupt"/>: a block is damaged here, and all others were copied; others as
    /// for <see cref="BlockBackend.Put"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public BlockCopyResult CopyBacklog(string name, IProgress<OperationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        var operation = new Operation(ProgressUnit.Bytes, progress, cancellationToken);
        BlockPlace place = Require(name);
        BlockCopyResult copied = CopyBacklog(place,
            _store.Registry.Backlog.Find(name, cancellationToken).Select(info => (CidOf(in info), info.Length)),
            operation);
        operation.Finish();
        return copied;
    }

    /// <summary>Does what <see cref="CopyBacklog(string, IProgress{OperationProgress}, CancellationToken)"/> does, on a
    /// thread of the pool.</summary>
    /// <inheritdoc cref="CopyBacklog(string, IProgress{OperationProgress}, CancellationToken)"/>
    public Task<BlockCopyResult> CopyBacklogAsync(string name, IProgress<OperationProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => CopyBacklog(name, progress, cancellationToken), cancellationToken);

    /// <summary>Copies every block to the places that take them all (<see cref="BlockPlace.Write"/>), until it is
    /// canceled: first the backlogs, and then what any process puts. It may run in several processes; one of them
    /// copies at a time.</summary>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Ends it. What is left is in the backlog.</param>
    /// <returns>A task that ends, without an error, once it is canceled and the copy in progress has ended.</returns>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public Task WriteBackAsync(WriteBackOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (_store.IsReadOnly) throw new InvalidOperationException("the store is open for reading only");
        options ??= new WriteBackOptions();
        options.ThrowIfWrong();
        return Task.Factory.StartNew(() => new WriteBack(_store, options).Run(cancellationToken),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>What waits to be copied, and the limit of it.</summary>
    internal BacklogGauge Gauge { get; }

    /// <summary>Whether a place takes puts before they return.</summary>
    internal bool WritesThrough => List().Any(IsThrough);

    /// <summary>Copies blocks to every place that takes puts before they return.</summary>
    /// <param name="cids">The blocks, which are stored here. What they need is copied too.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArrowCidException">As for <see cref="Copy"/>: the blocks stay here, and in the backlog of the
    /// places.</exception>
    internal void CopyThrough(IReadOnlyList<Cid> cids, CancellationToken cancellationToken = default)
    {
        foreach (BlockPlace place in List().Where(IsThrough))
            _ = Copy(cids, place.Name, cancellationToken: cancellationToken);
    }

    private bool IsThrough(BlockPlace place) =>
        place.Write != PlaceWrite.None && (_write ?? place.Write) == PlaceWrite.Through;

    /// <summary>Copies blocks that may be in the backlog of a place.</summary>
    /// <param name="place">The place.</param>
    /// <param name="waiting">The blocks with their lengths, in order.</param>
    /// <param name="operation">The progress.</param>
    internal BlockCopyResult CopyBacklog(BlockPlace place, IEnumerable<(Cid Cid, long Length)> waiting,
        Operation operation)
    {
        using PlaceBackend target = OpenToWrite(place);
        if (!target.CanPut)
            throw new ArrowCidException(ErrorCode.Unsupported, $"the place '{place.Name}' is only read");
        using BlockBackend own = _store.Transfer.AsBackend();
        var sum = new BlockCopyResult { Blocks = 0, NewBlocks = 0, ByteLength = 0 };
        ArrowCidException? fault = null;
        foreach ((List<Cid> some, long bytes) in BacklogPieces.Of(waiting))
        {
            operation.Token.ThrowIfCancellationRequested();
            using IDisposable turn = LockBacklog(place);
            List<Cid> left = some.FindAll(cid => cid.TryGetSha256(out Digest256 digest) &&
                _store.Registry.Backlog.Holds(place.Name, in digest));
            CrashPoint.Pass(CrashStep.Y0);
            sum = BacklogPieces.Sum(sum, CopyPiece(left, place, target, own, operation, ref fault));
            Gauge.Add(-bytes);
        }

        return fault is null ? sum : throw fault;
    }

    internal static Cid CidOf(in BlockInfo info) => Cid.FromSha256(info.Codec, info.Digest);

    private BlockCopyResult CopyPiece(List<Cid> cids, BlockPlace place, PlaceBackend target, BlockBackend own,
        Operation operation, ref ArrowCidException? fault)
    {
        var none = new BlockCopyResult { Blocks = 0, NewBlocks = 0, ByteLength = 0 };
        if (cids.Count == 0) return none;
        bool[] found = own.ContainsMany(cids, operation.Token);
        var whole = new List<Cid>();
        for (int i = 0; i < found.Length; i++)
        {
            // What was removed meanwhile is no longer in the backlog, and what is damaged stays in it until it is
            // repaired: all others are copied.
            if (!found[i]) continue;
            try
            {
                own.TryGet(cids[i], operation.Token)?.Dispose();
                whole.Add(cids[i]);
            }
            catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
            {
                fault ??= e;
            }
        }

        return whole.Count == 0 ? none : CopyAll(whole, whole, place, target, own, operation);
    }

    /// <summary>One process copies a piece of a backlog at a time, so that no block is sent twice.</summary>
    private IDisposable LockBacklog(BlockPlace place) =>
        _store.Registry.Names.Lock($"{TableName}/{place.Name}/backlog");
}
