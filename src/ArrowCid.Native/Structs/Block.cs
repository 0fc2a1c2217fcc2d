using System.Runtime.InteropServices;
using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid.Native;

/// <summary><c>arrowcid_block</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Block
{
    public CidBytes Cid, SchemaCid;
    public long Rows, Length, Time;
    public int Kind;
    public short IsNew, IsRepaired;

    public static Block Of(in PutResult put)
    {
        Block block = Of(put.Address);
        block.SetOutcome(in put);
        return block;
    }

    /// <summary>A put of bytes or of a dataset, whose block may be of any kind.</summary>
    /// <exception cref="ArrowCidException">As for <see cref="CidBytes.Of(Cid)"/>.</exception>
    public static Block Of(CidStore store, in PutResult put)
    {
        if (!store.Reading.TryFindAny(put.Cid, out BlockInfo info)) return Of(in put);
        Block block = Of(in info, store.Reading.NodeOf(in info));
        block.SetOutcome(in put);
        return block;
    }

    public static Block Of(in StoredBlock stored)
    {
        Block block = Of(stored.Address);
        block.Time = Nanoseconds(stored.Time);
        return block;
    }

    /// <param name="info">The block.</param>
    /// <param name="node">What it is where it is a node of IPLD, or null.</param>
    public static Block Of(in BlockInfo info, in NodeHead? node) => new()
    {
        Cid = CidBytes.OfDigest(info.Digest, info.Codec),
        SchemaCid = node?.Schema is { } schema ? CidBytes.Of(schema) : CidBytes.OfDigest(info.SchemaDigest),
        Rows = node?.Rows ?? info.Rows,
        Length = info.Length,
        Time = Nanoseconds(info.Time),
        Kind = (int)(node?.Kind ?? (BlockKind)info.Kind),
    };

    public static Block Of(StoredEntry entry) => new()
    {
        Cid = CidBytes.Of(entry.Cid),
        SchemaCid = entry.SchemaCid is { } schema ? CidBytes.Of(schema) : default,
        Rows = entry.Rows,
        Length = entry.ByteLength,
        Time = entry.Created is { } created ? Nanoseconds(created) : 0,
        Kind = (int)entry.Kind,
    };

    public static Block Of(in StoreEvent announcement)
    {
        if (announcement.Kind == StoreEventKind.Gap) return default;
        if (announcement.Kind == StoreEventKind.Name)
        {
            return new Block
            {
                Cid = announcement.NewCid is { } target ? CidBytes.Of(target) : default,
                SchemaCid = announcement.OldCid is { } old ? CidBytes.Of(old) : default,
                Time = Nanoseconds(announcement.Time),
            };
        }

        Block block = Of(announcement.Address);
        block.Time = Nanoseconds(announcement.Time);
        block.IsNew = (short)(announcement.Kind == StoreEventKind.New ? 1 : 0);
        return block;
    }

    private void SetOutcome(in PutResult put)
    {
        IsNew = (short)(put.IsNew ? 1 : 0);
        IsRepaired = (short)(put.IsRepaired ? 1 : 0);
    }

    private static Block Of(in BlockAddress address)
    {
        bool isBatch = address.SchemaCid.TryGetSha256(out Digest256 schema) && schema != default;
        return new Block
        {
            Cid = CidBytes.Of(address.Cid),
            SchemaCid = CidBytes.OfDigest(schema),
            Rows = address.Rows,
            Length = address.ByteLength,
            Kind = (int)(isBatch ? BlockKind.Batch : BlockKind.Raw),
        };
    }

    public static long Nanoseconds(DateTimeOffset time) =>
        (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * TimeSpan.NanosecondsPerTick;
}
