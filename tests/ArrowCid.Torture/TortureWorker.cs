using System.Security.Cryptography;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Torture;

/// <summary>
/// The calls of one worker, drawn from its seed. Blocks of its own numbers are put by nobody else; those of the numbers
/// that all share are put by everybody and never taken away.
/// </summary>
internal sealed class TortureWorker(
    CidStore store, TortureJournal journal, TortureRole role, TortureLoad load, long number, int seed) : IDisposable
{
    public const int Shared = 400;
    public const int SharedBytes = 3000;

    private readonly Random _random = new(seed);
    private readonly TortureFacts _facts = new(store, journal, role, number, new Random(seed + 1));
    private readonly TortureCopies _copies = new(store, journal, role);
    private readonly TorturePlaces _places = new(journal, number, load == TortureLoad.Bucket);
    private readonly List<Cid> _own = [];
    private readonly ReadOnlyMemory<byte>[] _many = new ReadOnlyMemory<byte>[16];
    private readonly PutResult[] _results = new PutResult[16];
    private Cursor _cursor = Cursor.Now;
    private long _next;

    private bool IsRing => role == TortureRole.Ring;

    private bool IsLosing => role != TortureRole.Disk;

    private int MostBytes => load switch
    {
        TortureLoad.Small => 48,
        TortureLoad.Large => 200_000,
        _ => _random.Next(8) == 0 ? 30_000 : 2_000,
    };

    public void Step()
    {
        if (_cursor == Cursor.Now) _cursor = Catch(Cursor.Now);
        switch (load)
        {
            case TortureLoad.Facts when _random.Next(3) > 0: _facts.StepOfLarge(_own); break;
            case TortureLoad.Clearing when _random.Next(3) > 0: _facts.StepOfClearing(_own); break;
            case TortureLoad.Index when _random.Next(2) > 0: _ = store.Maintenance.Checkpoint(); break;
            case TortureLoad.Healing when _random.Next(2) > 0: StepOfHealing(); break;
            case TortureLoad.Places or TortureLoad.Bucket when _random.Next(2) > 0: _places.Step(_random); break;
            case TortureLoad.Copies when _random.Next(8) == 0: _copies.Step(_random); break;
            default: StepOfAll(); break;
        }
    }

    public void Dispose() => _places.Dispose();

    private void StepOfAll()
    {
        switch (_random.Next(20))
        {
            case < 6: PutRaw(); break;
            case < 8: PutBatch(); break;
            case < 9: PutMany(); break;
            case < 10:
                int most = Math.Min(MostBytes, 30_000);
                foreach (Cid cid in TortureTransactions.Put(store, journal, Number, most, _random)) Promise(cid);
                break;
            case < 12:
                if (role != TortureRole.Disk && _random.Next(IsRing ? 4 : 8) == 0) DamageShared();
                else PutShared();
                break;
            case < 16: Get(); break;
            case < 19:
                if (IsRing) break;
                _facts.Step(_own);
                if (_random.Next(8) == 0) _ = store.Maintenance.Checkpoint();
                break;
            default: _cursor = Catch(_cursor); break;
        }
    }

    private long Number() => (number << 24) | ++_next;

    private void PutRaw() => Promise(store.PutRaw(TortureBlocks.Raw(Number(), MostBytes)).Cid);

    private void PutBatch() => Promise(store.Put(TortureBlocks.Batch(Number())).Cid);

    private void PutMany()
    {
        for (int i = 0; i < _many.Length; i++) _many[i] = TortureBlocks.Raw(Number(), Math.Min(MostBytes, 4000));
        store.PutRawMany(_many, _results);
        foreach (PutResult result in _results) Promise(result.Cid);
    }

    private void PutShared()
    {
        long shared = _random.Next(Shared);
        Cid cid = store.PutRaw(TortureBlocks.Raw(shared, SharedBytes)).Cid;
        journal.Write($"p {cid}");
    }

    /// <summary>Changes a stored byte of a block that all share, and repairs it, by itself or by a put.</summary>
    private void DamageShared()
    {
        byte[] bytes = TortureBlocks.Raw(_random.Next(Shared), SharedBytes);
        var cid = Cid.Sha256(Multicodec.Raw, bytes);
        _ = TortureDamage.Flip(store, cid, bytes, _random);
        if (_random.Next(2) == 0)
        {
            _ = store.PutRaw(bytes);
            return;
        }

        using BlockBackend source = BlockBackend.InMemory();
        source.Put(cid, bytes);
        if (store.Maintenance.Repair(cid, source) is { Outcome: RepairOutcome.Damaged } result)
            throw new ArrowCidException(ErrorCode.BlockCorrupt, $"{cid} is not repaired: {result.Error?.Message}");
    }

    /// <summary>Damage and repairs, and now and then damage that is only quarantined: the check repairs it.</summary>
    private void StepOfHealing()
    {
        switch (_random.Next(8))
        {
            case 0:
                byte[] bytes = TortureBlocks.Raw(_random.Next(Shared), SharedBytes);
                _ = TortureDamage.Flip(store, Cid.Sha256(Multicodec.Raw, bytes), bytes, _random);
                store.Blocks.Damages.Quarantine();
                break;
            case < 4: PutShared(); break;
            default: DamageShared(); break;
        }
    }

    private void Promise(Cid cid)
    {
        journal.Write($"p {cid}");
        _own.Add(cid);
    }

    private void Get()
    {
        if (_own.Count == 0) return;
        // In a ring only what was just put is sure to be there still.
        Cid cid = IsRing ? _own[^1] : _own[_random.Next(_own.Count)];
        using var bytes = new MemoryStream();
        if (!store.Transfer.TryCopyTo(cid, bytes))
        {
            if (IsRing) return;
            throw new ArrowCidException(ErrorCode.BlockCorrupt, $"{cid} was acknowledged and is not there");
        }

        if (!SHA256.HashData(bytes.ToArray()).AsSpan().SequenceEqual(cid.Hash.ToBytes().AsSpan(2)))
            throw new ArrowCidException(ErrorCode.BlockCorrupt, $"{cid} has other bytes");
    }

    /// <summary>What is announced is there, where nothing is ever taken away.</summary>
    private Cursor Catch(Cursor from)
    {
        Cursor last = from;
        foreach (StoreEvent announcement in store.Watch(from, new WatchOptions { Timeout = TimeSpan.Zero }))
        {
            last = announcement.Cursor;
            if (announcement.Kind == StoreEventKind.Gap)
            {
                if (!IsLosing)
                    throw new ArrowCidException(ErrorCode.Internal, $"a gap in the watch: {announcement.Gap}");
            }
            else if (!IsLosing && !store.Contains(announcement.Cid))
            {
                throw new ArrowCidException(ErrorCode.BlockCorrupt,
                    $"{announcement.Cid} was announced in lane {announcement.Lane} and is gone");
            }
        }

        return last;
    }
}
