using ArrowCid.Ipld.Car;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Transfer.Backup;

/// <summary>Writes one increment: what a store has at a moment and earlier increments do not.</summary>
internal sealed class BackupWriter : ISnapshotSink
{
    // As long as any root of an increment; the root is known when all is written.
    private static readonly Cid s_placeholder = Cid.FromSha256(Multicodec.DagCbor, default);

    private readonly CarWriter _car;
    private readonly StoreBackup? _earlier;
    private readonly Operation _operation;
    private readonly HashSet<Digest256> _written = [];
    private readonly List<Cid> _facts = [];
    private readonly List<Cid> _pages = [];

    public BackupWriter(Stream output, StoreBackup? earlier, Operation operation)
    {
        (_earlier, _operation) = (earlier, operation);
        _car = new CarWriter(output, [s_placeholder], version: 2);
    }

    public long Blocks { get; private set; }

    public long Facts => _facts.Count;

    public long Removed { get; private set; }

    public void TakeFacts(byte[] payload)
    {
        Digest256 digest = Sha256.Hash(payload);
        if (_earlier?.HasFacts(in digest) == true || !_written.Add(digest)) return;
        Cid cid = Cid.FromSha256(Multicodec.DagCbor, digest);
        _facts.Add(cid);
        Add(cid, payload);
    }

    public bool Wants(in SnapshotBlock block) => _earlier?.HasBytes(block.Digest) != true;

    public bool TryGetEarlier(in Digest256 digest, out SnapshotBlock block)
    {
        block = default;
        return _earlier?.TryGetBlock(digest, out block) == true;
    }

    public void TakeBlock(in SnapshotBlock block, ReadOnlyMemory<byte> bytes)
    {
        if (!_written.Add(block.Digest)) return;
        Blocks++;
        Add(block.Cid, bytes.Span);
        CrashPoint.Pass(CrashStep.U1);
    }

    /// <summary>Writes what changed, and the root.</summary>
    /// <param name="live">What was alive at the moment.</param>
    /// <param name="manifest">The manifest without its pages and count.</param>
    /// <returns>The root.</returns>
    public Cid Finish(IReadOnlyDictionary<Digest256, SnapshotBlock> live, BackupManifest manifest)
    {
        // Only changes are listed. What was taken and is not alive any more is in no list.
        IEnumerable<SnapshotBlock> changed = live.Values
            .Where(block => _earlier is null || !_earlier.TryGetBlock(block.Digest, out SnapshotBlock known) ||
                known != block);
        foreach (SnapshotBlock[] some in changed.Chunk(BackupPage.Most)) AddPage(new BackupPage(some, [], []));
        foreach (Cid[] some in _facts.Chunk(BackupPage.Most)) AddPage(new BackupPage([], some, []));
        IEnumerable<Digest256> removed = _earlier?.Blocks.Where(digest => !live.ContainsKey(digest)) ?? [];
        foreach (Digest256[] some in removed.Chunk(BackupPage.Most))
        {
            Removed += some.Length;
            AddPage(new BackupPage([], [], some));
        }

        byte[] root = (manifest with { Pages = _pages, Live = live.Count }).Encode();
        if (root.Length > CarFormat.MaxSectionBytes)
            throw new ArrowCidException(ErrorCode.TooLarge, $"a manifest of {root.Length} bytes");
        Cid cid = Cid.Sha256(Multicodec.DagCbor, root);
        CrashPoint.Pass(CrashStep.U2);
        Add(cid, root);
        _ = _car.Finish();
        _car.ReplaceRoots([cid]);
        CrashPoint.Pass(CrashStep.U3);
        return cid;
    }

    private void AddPage(BackupPage page)
    {
        byte[] bytes = page.Encode(digest => !_written.Contains(digest));
        Cid cid = Cid.Sha256(Multicodec.DagCbor, bytes);
        _pages.Add(cid);
        Add(cid, bytes);
    }

    private void Add(Cid cid, ReadOnlySpan<byte> bytes)
    {
        _car.Add(cid, bytes);
        _operation.Reach(_car.Length);
    }
}
