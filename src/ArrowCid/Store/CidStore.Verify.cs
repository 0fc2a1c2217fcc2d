using System.Collections.Concurrent;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Verification of stored bytes.</summary>
public sealed partial class CidStore
{
    private readonly ConcurrentDictionary<Digest256, bool> _verified = new();
    private readonly ConcurrentDictionary<Digest256, BlockSchema> _decoded = new();

    // What was read last; most readers read one schema again and again.
    private volatile DecodedSchema? _lastDecoded;

    /// <summary>
    /// Writes a block's bytes, once they are proved to hash to its CID: of a batch its canonical block, which every
    /// reader of Arrow streams opens, of a schema its message.
    /// </summary>
    /// <param name="cid">The CID.</param>
    /// <param name="destination">Where to.</param>
    /// <returns>False where the block is not here; nothing is written then.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: the bytes do not hash to the CID;
    /// nothing is written then.</exception>
    public bool TryCopyTo(Cid cid, Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        using RecordLease? block = Find(cid);
        if (block is null) return false;
        ProveHash(block, block.Info);
        destination.Write(block.Memory.Span);
        return true;
    }

    /// <summary>Decodes a block over its lease, after what the mode asks for.</summary>
    private RecordBatch Read(RecordLease block)
    {
        if (IsProved(block, Proof.Form)) return Decode(block);
        RecordBatch batch = Prove(block, block.Info)!;
        Mark(block, Proof.Form);
        return batch;
    }

    /// <summary>Whether the mode asks for no proof of a block now.</summary>
    private bool IsProved(RecordLease block, Proof needed) => _verify switch
    {
        VerifyMode.Always => false,
        VerifyMode.FirstRead => IsMarked(block, needed),
        _ => block.Flags.HasFlag(RecordFlags.OwnEncoder) || IsMarked(block, needed),
    };

    /// <summary>Whether a block was proved where it is stored, by any process; a private copy: by this one.</summary>
    private bool IsMarked(RecordLease block, Proof needed) => block.IsCopy
        ? _verified.ContainsKey(block.Digest)
        : block.ProofIn(_blocks.Verified) >= needed;

    private void Mark(RecordLease block, Proof proof)
    {
        if (block.IsCopy) Remember(_verified, block.Digest, true);
        else block.Mark(_blocks.Verified, proof);
    }

    internal RecordBatch? Prove(RecordLease block, in BlockInfo info)
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

    internal void ProveHash(RecordLease block, in BlockInfo info)
    {
        Digest256 digest = Sha256.Hash(block.Memory.Span);
        if (digest == info.Digest) return;
        block.Mark(_blocks.Verified, Proof.None);
        if (block.Range is { } range) _blocks.Damages.NoteDamage(range);
        throw Damaged(CidOf(in info),
            $"the bytes of {CidOf(in info)} hash to {Cid.FromSha256(Multicodec.Raw, digest)} ({block.Location})");
    }

    /// <summary>The error for a block that is not here: that, or, where its record was damaged and is quarantined, in
    /// which file it is stored.</summary>
    /// <param name="cid">The block.</param>
    /// <param name="words">How the first is said; null: to who is to put it.</param>
    internal ArrowCidException NotHere(Cid cid, string? words = null)
    {
        string? place = cid.TryGetSha256(out Digest256 digest) ? _blocks.Damages.FindQuarantined(in digest) : null;
        return place is null
            ? RemovedError(cid)
                ?? new ArrowCidException(ErrorCode.BlockNotFound,
                    words ?? $"no block {cid} in {Directory}; put it first")
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

    internal static Cid CidOf(in BlockInfo info) => Cid.FromSha256(info.Codec, info.Digest);

    private sealed record DecodedSchema(Digest256 Digest, BlockSchema Schema);
}
