using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Signing;
using ArrowCid.Storage;
using ArrowCid.Transfer.Backup;

namespace ArrowCid;

/// <summary>Puts what another store held into one: facts with their stamps, blocks with their times. What is there
/// already is passed, so that one that was killed is run again.</summary>
internal sealed class BulkLoad : ISnapshotSink
{
    private readonly CidStore? _store;
    private readonly bool _isDryRun;
    private readonly TimeProvider _clock;
    private readonly ulong _now;
    private readonly Operation _operation;
    private readonly HashSet<Digest256> _known = [];
    private readonly HashSet<SignedPair> _signed = [];
    private readonly List<SnapshotBlock> _put = [];
    private readonly HashSet<Digest256> _intact = [];
    private readonly HashSet<Digest256> _repaired = [];

    public BulkLoad(CidStore? store, bool isDryRun, Operation operation)
    {
        (_store, _isDryRun, _operation) = (store, isDryRun, operation);
        _clock = store?.Clock ?? TimeProvider.System;
        _now = (ulong)Math.Max(0, (_clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks) * 100;
        foreach (LogEntry entry in store?.Blocks.Listing.Log() ?? [])
        {
            operation.Check();
            bool isFact = entry.State == LogEntryState.Committed && entry.Header.RecordKind == RecordKind.Fact;
            if (isFact) _ = _known.Add(entry.Header.Digest);
        }
    }

    public long ByteLength { get; private set; }

    /// <summary>The blocks that were new.</summary>
    public IReadOnlyList<SnapshotBlock> NewBlocks => _put;

    private long NewFacts { get; set; }

    private int Repaired { get; set; }

    public RestoreResult End()
    {
        CrashPoint.Pass(CrashStep.R4);
        if (!_isDryRun) _store?.Flush();
        if (_signed.Count > 0) SigningSupport.Require();
        SignatureState[] states = _store is null ? [] :
            [.. _signed.AsParallel().Select(pair => _store.Registry.Entries.Signers.CheckKnown(pair, out _))];
        return new RestoreResult
        {
            NewBlocks = _put.Count,
            NewFacts = NewFacts,
            ByteLength = ByteLength,
            IsDryRun = _isDryRun,
            BlocksRepaired = Repaired,
            StatementsHolding = states.Count(state => state == SignatureState.Holds),
            StatementsBroken = states.Count(state => state is SignatureState.Broken or SignatureState.Missing),
        };
    }

    /// <summary>Throws where facts are of a time so far ahead that they may not enter a store.</summary>
    public static void Judge(byte[] payload, DateTimeOffset now)
    {
        foreach (FactGroup group in Groups(payload))
            FactAppender.ThrowIfAhead(group.Stamp.Time, now);
    }

    public void TakeFacts(byte[] payload)
    {
        _operation.Check();
        Judge(payload, _clock.GetUtcNow());
        if (!_known.Add(Sha256.Hash(payload))) return;
        NewFacts++;
        if (_isDryRun || _store is null) return;
        foreach (SignedFact fact in Groups(payload).SelectMany(group => group.Facts).OfType<SignedFact>())
            _ = _signed.Add(new SignedPair(fact.Statement, fact.Signature));
        _store.Registry.Facts.AppendForeign(payload);
        CrashPoint.Pass(CrashStep.R1);
    }

    public bool Wants(in SnapshotBlock block) => !IsThere(in block) || !IsIntact(in block);

    public bool TryGetEarlier(in Digest256 digest, out SnapshotBlock block)
    {
        block = default;
        return false;
    }

    public void TakeBlock(in SnapshotBlock block, ReadOnlyMemory<byte> bytes) =>
        Put(in block, bytes.Length, target => bytes.Span.CopyTo(target));

    /// <summary>Puts a block, which is hashed where it lies.</summary>
    public void Put(in SnapshotBlock block, int length, Action<Span<byte>> fill)
    {
        _operation.Check();
        if (IsThere(in block))
        {
            Repair(in block, length, fill);
            return;
        }

        _put.Add(block);
        ByteLength += length;
        _operation.Reach(ByteLength);
        if (_isDryRun || _store is null) return;
        PutAt(_store, in block, length, fill, Math.Min(block.Created, _now));
        CrashPoint.Pass(CrashStep.R2);
        // Announced again later: an expiry counts against that.
        if (block.LastPut > block.Created) PutAt(_store, in block, length, fill, Math.Min(block.LastPut, _now));
        CrashPoint.Pass(CrashStep.R3);
    }

    private static void PutAt(CidStore store, in SnapshotBlock block, int length, Action<Span<byte>> fill, ulong time)
    {
        if (block.Codec == Multicodec.Raw)
        {
            _ = store.Putting.PutFrom(length, fill, block.Cid, onlyBatch: false, time);
            return;
        }

        byte[] bytes = new byte[length];
        fill(bytes);
        if (Sha256.Hash(bytes) != block.Digest)
            throw new ArrowCidException(ErrorCode.InvalidData, $"the bytes of {block.Cid} are damaged");
        _ = store.Putting.PutOfCodec(block.Codec, bytes, time);
    }

    /// <summary>Replaces a block that is here by the right bytes, where its own are damaged.</summary>
    private void Repair(in SnapshotBlock block, int length, Action<Span<byte>> fill)
    {
        if (_store is null || IsIntact(in block)) return;
        if (!_isDryRun)
        {
            byte[] bytes = new byte[length];
            fill(bytes);
            _ = _store.Putting.PutRepair(block.Cid, bytes);
        }

        if (_repaired.Add(block.Digest)) Repaired++;
    }

    /// <summary>Each block's stored bytes are hashed once.</summary>
    private bool IsIntact(in SnapshotBlock block) =>
        _intact.Contains(block.Digest) || (_store!.Reading.IsIntact(block.Cid) && _intact.Add(block.Digest));

    /// <summary>What was dropped is put again, though it may still be found.</summary>
    private bool IsThere(in SnapshotBlock block) =>
        _store?.Metadata.Get(block.Cid) is { IsPresent: true };

    private static List<FactGroup> Groups(byte[] payload) =>
        FactReader.Read(payload, recordNanoseconds: ulong.MaxValue, _ => { });
}
