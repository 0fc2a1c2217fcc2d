using System.Buffers.Binary;
using ArrowCid.S3;
using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Torture;

/// <summary>The kinds of stores.</summary>
internal enum TortureRole
{
    /// <summary>It keeps what it has.</summary>
    Mixed,

    /// <summary>Its oldest segments go.</summary>
    Ring,

    /// <summary>On a disk where there is one, every put durable before it is acknowledged.</summary>
    Disk,
}

/// <summary>What a worker does most.</summary>
internal enum TortureLoad
{
    /// <summary>Everything.</summary>
    Mixed,

    /// <summary>Many small blocks, for which the index has to grow.</summary>
    Small,

    /// <summary>Large blocks, which fill segments.</summary>
    Large,

    /// <summary>Large facts, each of which replaces others, and their compaction.</summary>
    Facts,

    /// <summary>Removals, collections and compactions.</summary>
    Clearing,

    /// <summary>Checkpoints, of which many become few.</summary>
    Index,

    /// <summary>Backups and restores.</summary>
    Copies,

    /// <summary>Copies to a place, removals of one of two copies, evictions, and reads of what left.</summary>
    Places,

    /// <summary>The same with a bucket as the place.</summary>
    Bucket,

    /// <summary>Damage to blocks that all share, and its repair.</summary>
    Healing,
}

/// <summary>How the torture's stores are made: small, so that all that happens seldom happens often.</summary>
internal static class TortureStore
{
    private const long Capacity = 48 << 20;

    private static readonly S3Settings s_bucket = new() { MergedIndexes = 3, PackedBelow = 2500 };

    /// <summary>Whether a store that keeps what it has is so full that puts would soon wait for room.</summary>
    public static bool IsFilled(CidStore store, TortureRole role) =>
        role != TortureRole.Ring && store.Diagnostics.GetSummary().BytesTaken > Capacity * 6 / 10;

    /// <summary>Makes a store that nobody has open one that looks like a copy: the next writer rebuilds it.</summary>
    public static void MakeForeign(string directory)
    {
        string control = Path.Combine(directory, StoreLayout.ControlName);
        if (!File.Exists(control)) return;
        using FileStream file = new(control, FileMode.Open);
        var page = new byte[StoreLayout.PageBytes];
        file.ReadExactly(page);
        // The inode that the file knows itself by, and the checksum over it.
        BinaryPrimitives.WriteUInt64LittleEndian(page.AsSpan(240), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(4092), StoreLayout.Crc(page.AsSpan(0, 4088)));
        file.Position = 0;
        file.Write(page);
    }

    /// <summary>Opens the blocks of a place. Index objects of a bucket are merged early.</summary>
    private static BlockBackend OpenPlace(string location, bool isReadOnly) => S3Files.Matches(location)
        ? new S3Backend(S3Bucket.Open(S3Location.Parse(location), s_bucket))
        : StorePlaces.OpenLocation(location, isReadOnly);

    public static CidStore Open(string directory, TortureRole role)
    {
        var settings = new StoreSettings
        {
            Capacity = Capacity,
            SegmentSize = 1 << 20,
            InitialIndexEntries = 256,
            Timeout = TimeSpan.FromSeconds(60),
            TickInterval = TimeSpan.FromMilliseconds(10),
            IsRing = role == TortureRole.Ring,
        };
        // Whoever comes first makes it; the facade's options do not reach to the index.
        BlockStore.Open(directory, settings).Dispose();
        return CidStore.Open(directory, new CidStoreOptions
        {
            Timeout = settings.Timeout,
            Durability = role == TortureRole.Disk ? Durability.Always : Durability.Periodic,
            OpenPlace = OpenPlace,
        });
    }
}
