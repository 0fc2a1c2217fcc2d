using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;
using ArrowCid.Transfer.Backup;

namespace ArrowCid.Torture;

/// <summary>
/// Damage to the blocks of one store, and its repair. Workers damage blocks that all of them share, while others work;
/// between rounds the run damages any block that was acknowledged. The right bytes are kept here.
/// </summary>
internal sealed class TortureDamage : IDisposable
{
    private const int MostBlocks = 6;
    private const int MostPasses = 8;

    private readonly BlockBackend _source = BlockBackend.InMemory();
    private readonly Dictionary<Cid, byte[]> _damaged = [];
    private readonly HashSet<Cid> _shared = [];
    private readonly HashSet<Cid> _repaired = [];
    private readonly Random _random;

    /// <param name="seed">The seed of all random choices.</param>
    public TortureDamage(int seed)
    {
        _random = new Random(seed);
        for (long number = 0; number < TortureWorker.Shared; number++)
        {
            byte[] bytes = TortureBlocks.Raw(number, TortureWorker.SharedBytes);
            var cid = Cid.Sha256(Multicodec.Raw, bytes);
            _source.Put(cid, bytes);
            _ = _shared.Add(cid);
        }
    }

    /// <summary>The number of blocks that were damaged between rounds.</summary>
    public int Damaged { get; private set; }

    /// <summary>Changes one stored byte of a block, if it is there.</summary>
    /// <param name="store">The store.</param>
    /// <param name="cid">The block.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="random">Draws the byte.</param>
    /// <returns>Whether a byte was changed.</returns>
    public static bool Flip(CidStore store, Cid cid, ReadOnlySpan<byte> bytes, Random random)
    {
        try
        {
            using RecordLease? lease = store.Reading.LeaseUnproved(cid);
            if (lease?.Range is not { } range) return false;
            string segment = Path.Combine(store.Directory, StoreLayout.SegmentName(range.Slot, range.Generation));
            int at = random.Next(bytes.Length);
            using FileStream file = File.Open(segment, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            file.Position = range.Offset + StoreLayout.RecordHeaderBytes + at;
            file.WriteByte((byte)(bytes[at] ^ 0x10));
            return true;
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            // Another worker has damaged it, and it is recorded.
            return false;
        }
    }

    /// <summary>Whether a block is or was damaged in this round, so that a backup may report it.</summary>
    /// <param name="name">The block as a fault names it: its CID, or <c>sha256:</c> and its digest.</param>
    public bool MayBeDamaged(string name) => _shared.Concat(_damaged.Keys).Concat(_repaired)
        .Any(cid => IsNameOf(name, cid));

    /// <summary>Damages some acknowledged blocks before a round, some of which are then recorded or quarantined, and
    /// holds backups of the damaged store to what they promise.</summary>
    /// <param name="store">The store, which no other process has open.</param>
    /// <param name="acknowledged">The blocks that were acknowledged and not removed.</param>
    /// <returns>What is wrong, empty where nothing is.</returns>
    public List<string> Damage(CidStore store, IReadOnlyCollection<string> acknowledged)
    {
        var faults = new List<string>();
        Cid[] cids = [.. acknowledged.Order(StringComparer.Ordinal).Select(text => Cid.Parse(text))];
        if (cids.Length == 0) return faults;
        bool isBackedUp = _random.Next(4) == 0;
        using var before = new MemoryStream();
        if (isBackedUp) faults.AddRange(store.Transfer.Backup(before).Faults);
        for (int count = _random.Next(1, MostBlocks); count > 0; count--)
        {
            Cid cid = cids[_random.Next(cids.Length)];
            if (_damaged.ContainsKey(cid)) continue;
            using var copy = new MemoryStream();
            if (!store.Transfer.TryCopyTo(cid, copy))
            {
                faults.Add($"{cid} was acknowledged and is not there");
                continue;
            }

            byte[] bytes = copy.ToArray();
            _source.Put(cid, bytes);
            if (!Flip(store, cid, bytes, _random)) continue;
            _damaged[cid] = bytes;
            Damaged++;
            if (_random.Next(3) == 0 && store.Diagnostics.Verify(cid) is not { Error.Code: ErrorCode.BlockCorrupt })
                faults.Add($"{cid} is damaged and verify does not report it");
        }

        if (_random.Next(3) == 0) store.Blocks.Damages.Quarantine();
        if (isBackedUp) CheckBackups(store, before, faults);
        return faults;
    }

    /// <summary>Repairs everything, from the right bytes or by puts, also what killed workers left.</summary>
    /// <param name="store">The store, which no other process has open.</param>
    /// <returns>What is wrong, empty where nothing is.</returns>
    public List<string> Repair(CidStore store)
    {
        var faults = new List<string>();
        foreach ((Cid cid, byte[] bytes) in _damaged)
        {
            if (_random.Next(3) != 0) continue;
            Cid put = store.PutRaw(bytes).Cid;
            if (put != cid) faults.Add($"the bytes of {cid} were put as {put}");
        }

        if (_random.Next(2) == 0) RepairAll(store, faults);
        // Also copies that no lookup finds any more.
        store.Blocks.Damages.Quarantine();
        RepairAll(store, faults);
        // In a ring the good copy of one block may evict that of another, whose damaged copy stays.
        for (int pass = 1; store.Blocks.IsRing && pass < MostPasses &&
            store.Blocks.Damages.LostBlocks().Count > 0; pass++)
            RepairAll(store, faults);
        _repaired.Clear();
        _repaired.UnionWith(_damaged.Keys);
        _damaged.Clear();
        return faults;
    }

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();

    private void RepairAll(CidStore store, List<string> faults) =>
        faults.AddRange(store.Maintenance.RepairAll(_source).Where(result => result.Outcome == RepairOutcome.Damaged)
            .Select(result => $"{result.Cid} at {result.Location} is damaged and not repaired: {result.Error?.Message}"));

    /// <summary>A full backup reports every damaged block; an increment keeps what earlier ones hold.</summary>
    private void CheckBackups(CidStore store, MemoryStream before, List<string> faults)
    {
        using var all = new MemoryStream();
        IReadOnlyList<string> reported = store.Transfer.Backup(all).Faults;
        faults.AddRange(_damaged.Keys.Where(cid => !reported.Any(fault => IsNameOf(NameIn(fault), cid)))
            .Select(cid => $"{cid} is damaged and a backup does not report it"));
        faults.AddRange(reported.Where(fault => !MayBeDamaged(NameIn(fault)))
            .Select(fault => $"a backup reports what was not damaged: {fault}"));
        using var next = new MemoryStream();
        _ = store.Transfer.Backup(next, StoreBackup.Read([before]));
        var kept = StoreBackup.Read([before, next]).Blocks.ToHashSet();
        faults.AddRange(_damaged.Keys.Where(cid => !cid.TryGetSha256(out var digest) || !kept.Contains(digest))
            .Select(cid => $"{cid} is in the first increment, was damaged, and is not in the backup any more"));
    }

    /// <summary>The block that a fault of a backup names.</summary>
    public static string NameIn(string fault) => fault.Split(' ') is [_, { } name, ..] ? name : "";

    private static bool IsNameOf(string name, Cid cid) =>
        name == cid.ToString() || (cid.TryGetSha256(out var digest) && name == $"sha256:{digest}");
}
