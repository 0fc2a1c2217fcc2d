using System.Globalization;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Transfer.Backup;

/// <summary>
/// A store's backup (<c>Transfer/Backup/BACKUP.md</c>): increments, of which each names the one before. It takes memory
/// for the blocks' and facts' digests; the streams stay open while it is used. For one thread at a time.
/// </summary>
public sealed class StoreBackup
{
    private readonly List<BackupFile> _files = [];
    private readonly Dictionary<Digest256, SnapshotBlock> _live = [];
    private readonly Dictionary<Digest256, int> _fileOf = [];
    private readonly List<(int File, Cid Cid)> _facts = [];
    private readonly HashSet<Digest256> _factDigests = [];

    private StoreBackup()
    {
    }

    /// <summary>The increments, oldest first.</summary>
    public IReadOnlyList<BackupIncrement> Increments { get; private set; } = [];

    /// <summary>The most bytes that the store's files took.</summary>
    public long Capacity { get; private set; }

    /// <summary>The bytes of its data segments.</summary>
    public long SegmentSize { get; private set; }

    /// <summary>Whether it was a ring.</summary>
    public bool IsRing { get; private set; }

    /// <summary>The blocks that were alive at the last moment.</summary>
    public int BlockCount => _live.Count;

    /// <summary>The records of facts.</summary>
    public int FactCount => _facts.Count;

    /// <summary>The bytes of those blocks.</summary>
    public long ByteLength => _live.Keys.Sum(digest => (long)LengthOf(digest));

    internal IReadOnlyCollection<Digest256> Blocks => _live.Keys;

    internal IEnumerable<SnapshotBlock> Live => _live.Values.OrderBy(block => block.Created);

    /// <summary>Reads a backup.</summary>
    /// <param name="increments">Its CARs, which can seek, oldest first, from the first one on.</param>
    /// <param name="prove">Whether every block is hashed; an increment is written without.</param>
    /// <param name="progress">Gets the number of bytes that were read so far.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>What they hold.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: one is damaged, is no increment, or is
    /// not the one that follows.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public static StoreBackup Read(IReadOnlyList<Stream> increments, bool prove = true,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(increments);
        if (increments.Count == 0) throw new ArgumentException("A backup has an increment.", nameof(increments));
        var operation = new Operation(ProgressUnit.Bytes, progress, cancellationToken);
        operation.Expect(increments.Sum(stream => stream.Length));
        var backup = new StoreBackup();
        long before = 0;
        foreach (Stream stream in increments)
        {
            long start = before;
            try
            {
                var file = BackupFile.Open(stream, prove, at => operation.Reach(start + at));
                backup.Add(file);
            }
            catch (ArrowCidException e) when (e.Code == ErrorCode.InvalidData)
            {
                throw new ArrowCidException(e.Code, string.Create(CultureInfo.InvariantCulture,
                    $"increment {backup._files.Count + 1}: {e.Message}"), e);
            }

            before += stream.Length;
        }

        backup.End();
        operation.Finish();
        return backup;
    }

    /// <summary>Does what <see cref="Read"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Read"/>
    public static Task<StoreBackup> ReadAsync(IReadOnlyList<Stream> increments, bool prove = true,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Read(increments, prove, progress, cancellationToken), cancellationToken);

    /// <summary>Where an increment is on the medium and has not its name yet.</summary>
    internal static void PassFlushed() => CrashPoint.Pass(CrashStep.U4);

    internal bool HasFacts(in Digest256 digest) => _factDigests.Contains(digest);

    internal bool HasBytes(Digest256 digest) => _fileOf.ContainsKey(digest);

    internal bool TryGetBlock(Digest256 digest, out SnapshotBlock block) => _live.TryGetValue(digest, out block);

    /// <summary>The records of facts, in the order in which they were read from the lanes.</summary>
    internal IEnumerable<byte[]> ReadFacts() => _facts.Select(fact => _files[fact.File].Read(fact.Cid));

    /// <summary>The capacity that a new store needs for all of it.</summary>
    /// <param name="segment">The bytes of its data segments.</param>
    internal long CapacityNeeded(long segment)
    {
        var need = new StoreNeed(segment);
        foreach (byte[] facts in ReadFacts()) need.AddFacts(facts.Length);
        foreach (SnapshotBlock block in Live) need.AddBlock(LengthOf(block.Digest), block.LastPut > block.Created);
        return need.Capacity();
    }

    internal int LengthOf(Digest256 digest)
    {
        _ = _files[_fileOf[digest]].TryGetLength(in digest, out int length);
        return length;
    }

    internal void ReadInto(Digest256 digest, Span<byte> target) => _files[_fileOf[digest]].ReadInto(in digest, target);

    private void Add(BackupFile file)
    {
        Cid previous = _files.Count > 0 ? _files[^1].Root : default;
        bool isNext = file.Manifest.Previous == previous && file.Manifest.Number == _files.Count + 1 &&
            (_files.Count == 0 || file.Manifest.Store == _files[^1].Manifest.Store);
        if (!isNext)
            throw new ArrowCidException(ErrorCode.InvalidData, string.Create(CultureInfo.InvariantCulture,
                $"it is number {file.Manifest.Number} of another row of increments; one is missing"));
        int number = _files.Count;
        _files.Add(file);
        foreach (BackupPage page in file.Pages)
        {
            foreach (Digest256 digest in page.Removed) _ = _live.Remove(digest);
            foreach (SnapshotBlock block in page.Blocks) _live[block.Digest] = block;
            foreach (Cid cid in page.Facts)
            {
                _ = cid.TryGetSha256(out Digest256 digest);
                if (_factDigests.Add(digest)) _facts.Add((number, cid));
            }
        }

        foreach (Digest256 digest in file.Digests) _ = _fileOf.TryAdd(digest, number);
        if (_live.Count != file.Manifest.Live)
            throw new ArrowCidException(ErrorCode.InvalidData, string.Create(CultureInfo.InvariantCulture,
                $"it claims {file.Manifest.Live} live blocks, and lists {_live.Count}"));
    }

    private void End()
    {
        Increments = [.. _files.Select(file => new BackupIncrement
        {
            Number = file.Manifest.Number,
            Root = file.Root,
            Store = file.Manifest.Store,
            At = file.Manifest.At,
            Blocks = file.Manifest.Live,
            ByteLength = file.ByteLength,
        })];
        BackupManifest last = _files[^1].Manifest;
        (Capacity, SegmentSize, IsRing) = (last.Capacity, last.SegmentSize, last.IsRing);
        foreach (SnapshotBlock block in _live.Values.Where(block => !_fileOf.ContainsKey(block.Digest)))
            throw new ArrowCidException(ErrorCode.InvalidData, $"the bytes of {block.Cid} are in no increment");
    }
}
