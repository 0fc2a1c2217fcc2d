using System.Collections.Concurrent;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Proves what is read: bytes against their CID, and the form of batches; knows removed and damaged
/// blocks.</summary>
internal sealed class BlockProof(StoreCore core)
{
    private readonly ConcurrentDictionary<Digest256, bool> _verified = new();
    private readonly ConcurrentDictionary<Digest256, BlockSchema> _decoded = new();

    // What was read last; most readers read one schema again and again.
    private volatile DecodedSchema? _lastDecoded;

    // Blocks that were found not to be removed, and the sweep word before that: while the word is the same, nothing was
    // removed since.
    private readonly ConcurrentDictionary<Digest256, ulong> _notRemoved = new();
    private readonly ConcurrentDictionary<Digest256, long> _removedAt = new();

    // The sweep word at which no block of the store was ever removed.
    private ulong _nothingRemoved;

    public static bool IsOurs(Cid cid, out Digest256 digest)
    {
        digest = default;
        return cid.Version == 1 && cid.TryGetSha256(out digest);
    }

    public static PutResult ResultOf(in BlockInfo info, bool isNew) =>
        new() { Address = AddressOf(in info), IsNew = isNew, IsRepaired = info.IsRepaired };

    public static BlockAddress AddressOf(in BlockInfo info) => new()
    {
        Cid = Cid.FromSha256(Multicodec.Raw, info.Digest),
        SchemaCid = Cid.FromSha256(Multicodec.Raw, info.SchemaDigest),
        Rows = info.Rows,
        ByteLength = info.Length,
    };

    public static StoredBlock StoredOf(in BlockInfo info) => new()
    {
        Address = AddressOf(in info),
        Time = info.Time,
    };

    /// <summary>A table that forgets everything rather than grow without end: it only saves work.</summary>
    private static void Remember<T>(ConcurrentDictionary<Digest256, T> table, Digest256 digest, T value)
    {
        const int Most = 1 << 16;
        if (table.Count >= Most) table.Clear();
        table[digest] = value;
    }

    public static void ThrowIfDefault(Cid cid)
    {
        if (cid.IsDefault) throw new ArgumentException("default(Cid) is no block; it was never set.", nameof(cid));
    }

    public void ProveHashOnce(RecordLease block)
    {
        if (!IsMarked(block, Proof.Hash)) ProveBytes(block);
    }

    public void ProveBytes(RecordLease block)
    {
        ProveHash(block, block.Info);
        Mark(block, Proof.Hash);
    }

    public bool IsKnownDamaged(in Digest256 digest)
    {
        if (core.Blocks.Damages.Damaged.IsEmpty) return false;
        using RecordLease? block = core.Blocks.Find(digest);
        return block?.IsKnownDamaged(core.Blocks.Damages.Damaged) == true;
    }

    public void LeaveOutDamaged(ReadOnlySpan<Digest256> digests, Span<bool> found)
    {
        for (int i = 0; i < digests.Length; i++) found[i] = found[i] && !IsKnownDamaged(in digests[i]);
    }

    public static ArrowCidException KnownDamaged(Cid cid, string location) =>
        Damaged(cid, $"the bytes of {cid} are damaged ({location})");

    private static ArrowCidException Damaged(Cid cid, string message) => new(ErrorCode.BlockCorrupt, message)
    {
        Remedy = new Remedy(RemedyKind.RepairBlock, cid.ToString()),
    };

    /// <summary>Decodes a block over its lease, after what the mode asks for.</summary>
    public RecordBatch Read(RecordLease block)
    {
        if (IsProved(block, Proof.Form)) return Decode(block);
        RecordBatch batch = Prove(block, block.Info)!;
        Mark(block, Proof.Form);
        return batch;
    }

    /// <summary>Whether the mode asks for no proof of a block now.</summary>
    public bool IsProved(RecordLease block, Proof needed) => core.Verify switch
    {
        VerifyMode.Always => false,
        VerifyMode.FirstRead => IsMarked(block, needed),
        _ => block.Flags.HasFlag(RecordFlags.OwnEncoder) || IsMarked(block, needed),
    };

    /// <summary>Whether a block was proved where it is stored, by any process; a private copy: by this one.</summary>
    private bool IsMarked(RecordLease block, Proof needed) => block.IsCopy
        ? _verified.ContainsKey(block.Digest)
        : block.ProofIn(core.Blocks.Verified) >= needed;

    private void Mark(RecordLease block, Proof proof)
    {
        if (block.IsCopy) Remember(_verified, block.Digest, true);
        else block.Mark(core.Blocks.Verified, proof);
    }

    /// <summary>Records that a fetched block was proved, its form too where it is a batch.</summary>
    public void MarkProved(RecordLease block) => Mark(block, Proof.Form);

    public RecordBatch? Prove(RecordLease block, in BlockInfo info)
    {
        ProveHash(block, in info);
        if (info.Kind is RecordKind.Schema or RecordKind.View) return null;
        RecordBatch batch = Decode(block);
        Digest256 digest;
        try
        {
            using BlockPlan plan = BlockPlan.Of(batch);
            digest = plan.Hash();
        }
        catch (InvalidArrowException e)
        {
            throw NotCanonical(block, in info, e);
        }

        return digest == info.Digest ? batch : throw NotCanonical(block, in info, null);
    }

    public void ProveHash(RecordLease block, in BlockInfo info)
    {
        Digest256 digest = Sha256.Hash(block.Memory.Span);
        if (digest == info.Digest) return;
        block.Mark(core.Blocks.Verified, Proof.None);
        if (block.Range is { } range) core.Blocks.Damages.NoteDamage(range);
        throw Damaged(CidOf(in info),
            $"the bytes of {CidOf(in info)} hash to {Cid.FromSha256(Multicodec.Raw, digest)} ({block.Location})");
    }

    /// <summary>The error for a block that is not here: that, or, where its record was damaged and is quarantined, in
    /// which file it is stored.</summary>
    /// <param name="cid">The block.</param>
    /// <param name="words">How the first is said; null: to who is to put it.</param>
    public ArrowCidException NotHere(Cid cid, string? words = null)
    {
        string? place = cid.TryGetSha256(out Digest256 digest) ? core.Blocks.Damages.FindQuarantined(in digest) : null;
        return place is null
            ? RemovedError(cid)
                ?? new ArrowCidException(ErrorCode.BlockNotFound,
                    words ?? $"no block {cid} in {core.Blocks.Directory}; put it first")
            : Damaged(cid, $"the bytes of {cid} are damaged and quarantined in the store's directory ({place})");
    }

    private RecordBatch Decode(RecordLease block)
    {
        try
        {
            DecodedSchema? last = _lastDecoded;
            BlockSchema? known = last is not null && last.Digest == block.SchemaDigest ? last.Schema
                : _decoded.TryGetValue(block.SchemaDigest, out BlockSchema? found) ? found : null;
            BlockSchema? schema = known;
            RecordBatch batch = CanonicalBlock.DecodeView(block.Memory, ref schema);
            if (!ReferenceEquals(schema, known)) Remember(_decoded, block.SchemaDigest, schema!);
            if (!ReferenceEquals(schema, last?.Schema)) _lastDecoded = new DecodedSchema(block.SchemaDigest, schema!);
            return batch;
        }
        catch (InvalidArrowException e) when (block.Kind == RecordKind.Raw)
        {
            throw new ArrowCidException(ErrorCode.SchemaMismatch,
                $"{CidOf(block.Info)} is raw bytes, not a batch: {e.Message} ({block.Location})", e);
        }
        catch (InvalidArrowException e)
        {
            ProveHash(block, block.Info);
            throw new ArrowCidException(ErrorCode.BlockCorrupt,
                $"{CidOf(block.Info)} cannot be read: {e.Message} ({block.Location})", e);
        }
    }

    private static ArrowCidException NotCanonical(RecordLease block, in BlockInfo info, Exception? inner) =>
        new(ErrorCode.NotCanonical, $"{CidOf(in info)} is not a canonical block ({block.Location})" +
            (inner is null ? "" : $": {inner.Message}"), inner);

    public static Cid CidOf(in BlockInfo info) => Cid.FromSha256(info.Codec, info.Digest);

    /// <summary>Whether a block was removed and not put again.</summary>
    public bool IsRemoved(Cid cid) => IsOurs(cid, out Digest256 digest) && IsRemoved(in digest);

    /// <summary>Whether a block, which the index still has, was removed. Where nothing was removed since the last look
    /// this is one load of shared memory.</summary>
    public bool IsRemoved(in Digest256 digest)
    {
        ulong sweep = core.Blocks.Coordination.SweepWord;
        if (sweep == Volatile.Read(ref _nothingRemoved)) return false;
        // While a removal is in progress its record may be committed at any moment.
        bool isStable = (sweep & 1) == 0;
        if (isStable && _notRemoved.TryGetValue(digest, out ulong seen) && seen == sweep) return false;
        if (core.Registry.Removals.IsRemoved(in digest, out bool hasRemovals)) return true;
        if (!isStable) return false;
        if (hasRemovals) Remember(_notRemoved, digest, sweep);
        else Volatile.Write(ref _nothingRemoved, sweep);
        return false;
    }

    /// <summary>The error for a block that was removed; null where it was not.</summary>
    public BlockRemovedException? RemovedError(Cid cid)
    {
        if (!IsOurs(cid, out Digest256 digest) || !core.Registry.Removals.IsRemoved(in digest, out _)) return null;
        if (core.Fill?.Knows(cid) == true) return null;
        ulong sweep = core.Blocks.Coordination.SweepWord;
        // The log of removals is read once for each removed block that is asked for.
        if (!_removedAt.TryGetValue(digest, out long ticks))
        {
            ticks = core.Registry.Removals.WhenRemoved(in digest)?.UtcTicks ?? 0;
            if (sweep == core.Blocks.Coordination.SweepWord) Remember(_removedAt, digest, ticks);
        }

        return new BlockRemovedException(cid, ticks == 0 ? null : new DateTimeOffset(ticks, TimeSpan.Zero));
    }

    private sealed record DecodedSchema(Digest256 Digest, BlockSchema Schema);
}
