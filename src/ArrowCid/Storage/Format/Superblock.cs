using System.Buffers.Binary;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// The first page of the control file: what never changes in a store's life. It is read once into private memory, and
/// every place that it names is worked out again from the file's own size.
/// </summary>
internal sealed class Superblock
{
    public const ulong Magic = 0x0100_4449_4352_5241; // "ARRCID\0\1"
    public const ulong ByteOrder = 0x0102030405060708;
    public const uint RetentionKeep = 0;
    public const uint RetentionRing = 1;
    public const uint Sha256Code = 0x12;

    /// <summary>The store, as cursors name it. A copy gets another.</summary>
    public Guid Id { get; init; }

    /// <summary>What the segments' headers carry; a copy keeps it.</summary>
    public Guid SegmentId { get; init; }

    public DateTimeOffset Created { get; init; }
    public long Capacity { get; init; }
    public long SegmentBytes { get; init; }
    public long FactSegmentBytes { get; init; }
    public int Segments { get; init; }
    public int Lanes { get; init; }
    public long InitialIndexEntries { get; init; }
    public uint OwnerId { get; init; }

    /// <summary>What a full store does: refuse, or let its oldest blocks go.</summary>
    public uint Retention { get; init; }

    public bool IsRing => Retention == RetentionRing;

    /// <summary>32 secret bytes that place digests in the index, so that an attacker cannot choose blocks that collide
    /// there.</summary>
    public byte[] Seed { get; init; } = [];

    public StoreIdentity Identity { get; init; } = new(Guid.Empty, Guid.Empty, 0, 0);

    /// <summary>Features of the file that this version does not know but may read past.</summary>
    public bool IsReadOnlyForUs { get; private init; }

    public Superblock WithIdentity(Guid id, StoreIdentity identity) => new()
    {
        Id = id,
        SegmentId = SegmentId,
        Created = Created,
        Capacity = Capacity,
        SegmentBytes = SegmentBytes,
        FactSegmentBytes = FactSegmentBytes,
        Segments = Segments,
        Lanes = Lanes,
        InitialIndexEntries = InitialIndexEntries,
        OwnerId = identity.OwnerId,
        Retention = Retention,
        Seed = Seed,
        Identity = identity,
    };

    public void Write(Span<byte> page)
    {
        page.Clear();
        Put64(page, 0, Magic);
        Put32(page, 8, StoreLayout.Major);
        Put32(page, 12, StoreLayout.Minor);
        Put64(page, 16, ByteOrder);
        Put32(page, 24, StoreLayout.PageBytes);
        Put32(page, 28, StoreLayout.PageBytes);
        Id.TryWriteBytes(page[32..48]);
        SegmentId.TryWriteBytes(page[48..64]);
        Put64(page, 64, (ulong)Created.ToUnixTimeMilliseconds() * 1_000_000);
        Put32(page, 96, Sha256Code);
        Put32(page, 100, 32);
        Put64(page, 104, (ulong)Capacity);
        Put64(page, 112, (ulong)SegmentBytes);
        Put64(page, 120, (ulong)FactSegmentBytes);
        Put32(page, 128, (uint)Segments);
        Put32(page, 132, (uint)Lanes);
        Put32(page, 136, StoreLayout.MaxParticipants);
        Put32(page, 140, Retention);
        Put64(page, 144, (ulong)StoreLayout.WordsOffset);
        Put64(page, 152, (ulong)StoreLayout.ParticipantsOffset);
        Put64(page, 160, (ulong)StoreLayout.LanesOffset);
        Put64(page, 168, (ulong)StoreLayout.TableOffset);
        Put64(page, 176, (ulong)StoreLayout.ControlBytes(Segments));
        Put64(page, 184, (ulong)InitialIndexEntries);
        Seed.CopyTo(page[192..224]);
        Identity.Machine.TryWriteBytes(page[224..240]);
        Put64(page, 240, Identity.Inode);
        Put64(page, 248, Identity.BirthNanoseconds);
        Identity.Boot.TryWriteBytes(page[256..272]);
        Put32(page, 272, OwnerId);
        Put32(page, CrcOffset, Crc(page));
    }

    public static Superblock Read(ReadOnlySpan<byte> page, long fileBytes, string path)
    {
        if (Get64(page, 0) != Magic)
            throw StorageErrors.Corrupt(path, "not a control file (wrong magic); restore it or remove the store");
        uint major = Get32(page, 8);
        if (major != StoreLayout.Major || Get64(page, 16) != ByteOrder)
            throw new ArrowCidException(ErrorCode.FormatVersion,
                $"{path}: format {major}, byte order {Get64(page, 16):x16}; this version reads format " +
                $"{StoreLayout.Major}, little-endian; use the version that made it");
        if (Get32(page, CrcOffset) != Crc(page))
            throw StorageErrors.Corrupt(path, "the superblock's checksum is wrong; restore it or remove the store");
        if (Get64(page, 72) is var incompatible and not 0)
            throw new ArrowCidException(ErrorCode.FormatVersion,
                $"{path}: needs features 0x{incompatible:x} that this version does not know; use a newer one");
        if (Get32(page, 96) != Sha256Code || Get32(page, 100) != 32)
            throw new ArrowCidException(ErrorCode.Unsupported, $"{path}: digests other than SHA-256 are not supported");
        Superblock result = ReadRemains(page);
        result.CheckShape(page, fileBytes, path);
        return result;
    }

    /// <summary>What the fields say, none of it judged.</summary>
    public static Superblock ReadRemains(ReadOnlySpan<byte> page) =>
        new()
        {
            Id = new Guid(page[32..48]),
            SegmentId = new Guid(page[48..64]),
            Created = DateTimeOffset.FromUnixTimeMilliseconds((long)(Get64(page, 64) / 1_000_000)),
            Capacity = (long)Get64(page, 104),
            SegmentBytes = (long)Get64(page, 112),
            FactSegmentBytes = (long)Get64(page, 120),
            Segments = (int)Get32(page, 128),
            Lanes = (int)Get32(page, 132),
            InitialIndexEntries = (long)Get64(page, 184),
            Seed = page[192..224].ToArray(),
            Identity = new(new Guid(page[224..240]), new Guid(page[256..272]), Get64(page, 240), Get64(page, 248)),
            OwnerId = Get32(page, 272),
            Retention = Get32(page, 140),
            // A retention of a later version has rules for puts that this one does not know.
            IsReadOnlyForUs = Get64(page, 80) != 0 || Get32(page, 140) > RetentionRing,
        };

    public static byte[] NewSeed() => SystemRandom.GetBytes(32);

    private const int CrcOffset = StoreLayout.PageBytes - sizeof(uint);

    private static uint Crc(ReadOnlySpan<byte> page) => StoreLayout.Crc(page[..(StoreLayout.PageBytes - 8)]);

    /// <summary>Whether the sizes can be a store's.</summary>
    public bool HasShape =>
        Segments is >= StoreLayout.MinSegments and <= StoreLayout.MaxSegments &&
        Lanes is >= 1 and <= StoreLayout.MaxLanes &&
        SegmentBytes is >= StoreLayout.MiB and <= StoreLayout.MaxSegmentBytes && SegmentBytes % StoreLayout.MiB == 0 &&
        FactSegmentBytes is >= StoreLayout.MiB and <= StoreLayout.MaxSegmentBytes
            && FactSegmentBytes % StoreLayout.MiB == 0 &&
        Capacity >= SegmentBytes &&
        InitialIndexEntries is >= StoreLayout.MinIndexEntries and <= StoreLayout.MaxIndexEntries &&
        long.IsPow2(InitialIndexEntries);

    private void CheckShape(ReadOnlySpan<byte> page, long fileBytes, string path)
    {
        bool fits = HasShape && Get32(page, 136) == StoreLayout.MaxParticipants &&
            Get64(page, 144) == (ulong)StoreLayout.WordsOffset && Get64(page,
                152) == (ulong)StoreLayout.ParticipantsOffset &&
            Get64(page, 160) == (ulong)StoreLayout.LanesOffset && Get64(page, 168) == (ulong)StoreLayout.TableOffset &&
            fileBytes == StoreLayout.ControlBytes(Segments) && Get64(page, 176) == (ulong)fileBytes;
        if (!fits)
            throw StorageErrors.Corrupt(path, "the superblock's sizes do not fit; restore it or remove the store");
    }

    private static uint Get32(ReadOnlySpan<byte> page, int at) => BinaryPrimitives.ReadUInt32LittleEndian(page[at..]);

    private static ulong Get64(ReadOnlySpan<byte> page, int at) => BinaryPrimitives.ReadUInt64LittleEndian(page[at..]);

    private static void Put32(Span<byte> page, int at, uint value) =>
        BinaryPrimitives.WriteUInt32LittleEndian(page[at..], value);

    private static void Put64(Span<byte> page, int at, ulong value) =>
        BinaryPrimitives.WriteUInt64LittleEndian(page[at..], value);
}
