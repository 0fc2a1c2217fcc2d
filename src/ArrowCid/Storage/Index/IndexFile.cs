using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// One file of the index: a power of two of 8-byte entries. A digest's window is the four lines from its home line,
/// scanned whole, so that taking an entry away is storing zero and no chain can be broken. It is mapped until nothing
/// of this process uses it, which the garbage collector knows: a scan needs no count.
/// </summary>
internal sealed class IndexFile
{
    private const ulong Magic = 0x0158_4449_4352_5241; // "ARRCIDX\1"
    private const int CrcOffset = StoreLayout.SegmentHeaderBytes - 8;

    private readonly Mapping _map;
    private readonly ulong _homeMask;

    private IndexFile(uint number, long entries, Mapping map)
    {
        Debug.Assert(long.IsPow2(entries) && entries >= StoreLayout.MinIndexEntries);
        Debug.Assert(map.Length == StoreLayout.IndexBytes(entries));
        (Number, Entries, _map) = (number, entries, map);
        _homeMask = (ulong)(entries / StoreLayout.EntriesPerLine) - 1;
        Debug.Assert(ulong.IsPow2(_homeMask + 1));
    }

    public uint Number { get; }

    public long Entries { get; }

    public long Bytes => _map.Length;

    /// <summary>The number of entries with the lines after the last home line, which no window goes beyond.</summary>
    private long Positions => Entries + ((StoreLayout.WindowLines - 1) * StoreLayout.EntriesPerLine);

    /// <summary>How many entries were filled, to within a few; it decides when to grow and nothing else.</summary>
    public long Count => (long)Math.Min(_map.Read(StoreLayout.IndexCount), (ulong)Entries);

    public bool IsHalfFull => Count >= Entries / 2;

    /// <summary>Where the window of a hash begins, as an entry's position.</summary>
    public long Home(ulong hash) => (long)(hash & _homeMask) * StoreLayout.EntriesPerLine;

    /// <summary>The entries of a window, in place: read each by <see cref="Volatile"/> and keep this object
    /// alive.</summary>
    public ReadOnlySpan<ulong> Window(long home)
    {
        Debug.Assert(home >= 0 && home < Entries && home % StoreLayout.EntriesPerLine == 0);
        return _map.Words(StoreLayout.IndexEntries + (home * sizeof(ulong)), StoreLayout.WindowEntries);
    }

    /// <summary>The entries of one line of a window whose tags are a hash's, a bit each; empty ones too where that tag
    /// is zero. Read each again by <see cref="Volatile"/>: this one says nothing of what is read after it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Match(ReadOnlySpan<ulong> window, int line, ulong hash)
    {
        ReadOnlySpan<ulong> entries = window.Slice(line * StoreLayout.EntriesPerLine, StoreLayout.EntriesPerLine);
        if (!Vector256.IsHardwareAccelerated)
        {
            uint bits = 0;
            for (int i = 0; i < entries.Length; i++)
                bits |= new IndexEntry(entries[i]).HasTag(hash) ? 1u << i : 0;
            return bits;
        }

        // Each element of an aligned vector is read whole, as a word of its own would be.
        Vector256<ulong> tag = Vector256.Create(hash);
        Vector256<ulong> low = (Vector256.Create(entries) ^ tag) >>> IndexEntry.TagShift;
        Vector256<ulong> high = (Vector256.Create(entries[4..]) ^ tag) >>> IndexEntry.TagShift;
        return Vector256.Equals(low, Vector256<ulong>.Zero).ExtractMostSignificantBits() |
            (Vector256.Equals(high, Vector256<ulong>.Zero).ExtractMostSignificantBits() << 4);
    }

    /// <summary>The empty entries of one line of a window, a bit each, as <see cref="Match"/> reads them.</summary>
    public static uint Free(ReadOnlySpan<ulong> window, int line)
    {
        uint free = 0;
        ReadOnlySpan<ulong> entries = window.Slice(line * StoreLayout.EntriesPerLine, StoreLayout.EntriesPerLine);
        for (int i = 0; i < entries.Length; i++) free |= entries[i] == 0 ? 1u << i : 0;
        return free;
    }

    /// <summary>Asks for the first line of a window.</summary>
    public void Prefetch(long home) => _map.Prefetch(StoreLayout.IndexEntries + (home * sizeof(ulong)));

    public ulong Read(long position)
    {
        Debug.Assert(position >= 0 && position < Positions);
        return _map.Read(StoreLayout.IndexEntries + (position * sizeof(ulong)));
    }

    public bool TryReplace(long position, ulong from, ulong to)
    {
        Debug.Assert(position >= 0 && position < Positions);
        Debug.Assert((from | to) != 0, "an empty entry is not emptied");
        return _map.CompareExchange(StoreLayout.IndexEntries + (position * sizeof(ulong)), to, from) == from;
    }

    public void AddCount(ulong entries) => _map.Add(StoreLayout.IndexCount, entries);

    /// <summary>Entries were removed. The count is approximate and may lag: it stops at zero.</summary>
    public void TakeCount(ulong entries)
    {
        while (entries > 0)
        {
            ulong count = _map.Read(StoreLayout.IndexCount);
            if (_map.CompareExchange(StoreLayout.IndexCount, count - Math.Min(count, entries), count) == count) return;
        }
    }

    /// <summary>G1: makes an empty index file, whole under its name or not at all. Only the janitor calls
    /// this.</summary>
    public static IndexFile Create(ControlFile control, uint number, long entries)
    {
        FileDescriptor directory = control.DirectoryFile;
        string name = StoreLayout.IndexName(number);
        string temporary = name + StoreLayout.TemporaryMark + "janitor";
        // What stands under either name is left from a janitor that died before the control word named it.
        _ = directory.Unlink(temporary);
        _ = directory.Unlink(name);
        using FileDescriptor? file = directory.TryCreateFile(temporary, out int errno);
        StorageErrors.Check(errno, "cannot create", control.PathOf(temporary));
        try
        {
            long bytes = StoreLayout.IndexBytes(entries);
            StorageErrors.Check(file!.Allocate(bytes), "no space for", control.PathOf(name));
            Mapping? map = Mapping.TryMap(file, bytes, writable: true, out errno);
            StorageErrors.Check(errno, "cannot map", control.PathOf(name));
            if (!control.IsOnDisk) _ = map!.TryCollapse();
            Span<byte> half = map!.WritableBytes(0, StoreLayout.SegmentHeaderBytes);
            WriteHeader(half, control.Superblock.SegmentId, number, entries);
            StorageErrors.Check(directory.Link(temporary, name), "cannot name", control.PathOf(name));
            Debug.Assert(ReadHeader(half, control.Superblock.SegmentId, number) == entries,
                "readers accept what was written");
            return new IndexFile(number, entries, map);
        }
        finally
        {
            _ = directory.Unlink(temporary);
        }
    }

    /// <summary>Opens an index file.</summary>
    /// <returns>Null if it is absent or not what its name promises. The index is derived, so it is rebuilt.</returns>
    public static IndexFile? TryOpen(ControlFile control, uint number)
    {
        string name = StoreLayout.IndexName(number);
        using FileDescriptor? file = control.DirectoryFile.TryOpenFile(name, control.IsWritable, out int errno);
        if (errno == Errno.NotFound) return null;
        StorageErrors.Check(errno, "cannot open", control.PathOf(name));
        StorageErrors.Check(file!.Stat(out FileStatus status), "cannot stat", control.PathOf(name));
        if (status.Size < StoreLayout.IndexBytes(StoreLayout.MinIndexEntries)) return null;
        Mapping? map = Mapping.TryMap(file, status.Size, control.IsWritable, out errno);
        StorageErrors.Check(errno, "cannot map", control.PathOf(name));
        Span<byte> header = stackalloc byte[StoreLayout.SegmentHeaderBytes];
        map!.CopyTo(0, header);
        long entries = ReadHeader(header, control.Superblock.SegmentId, number);
        if (entries != 0 && StoreLayout.IndexBytes(entries) == status.Size) return new IndexFile(number, entries, map);
        map.Dispose();
        return null;
    }

    private static void WriteHeader(Span<byte> half, Guid segmentId, uint number, long entries)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(half, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(half[8..], StoreLayout.Major);
        BinaryPrimitives.WriteUInt32LittleEndian(half[12..], number);
        segmentId.TryWriteBytes(half[16..32]);
        BinaryPrimitives.WriteUInt64LittleEndian(half[32..], (ulong)entries);
        BinaryPrimitives.WriteUInt32LittleEndian(half[CrcOffset..], StoreLayout.Crc(half[..CrcOffset]));
    }

    private static long ReadHeader(ReadOnlySpan<byte> half, Guid segmentId, uint number)
    {
        ulong entries = BinaryPrimitives.ReadUInt64LittleEndian(half[32..]);
        bool right = BinaryPrimitives.ReadUInt64LittleEndian(half) == Magic &&
            BinaryPrimitives.ReadUInt32LittleEndian(half[8..]) == StoreLayout.Major &&
            BinaryPrimitives.ReadUInt32LittleEndian(half[12..]) == number &&
            new Guid(half[16..32]) == segmentId &&
            BinaryPrimitives.ReadUInt32LittleEndian(half[CrcOffset..]) == StoreLayout.Crc(half[..CrcOffset]) &&
            entries is >= StoreLayout.MinIndexEntries and <= StoreLayout.MaxIndexEntries && ulong.IsPow2(entries);
        return right ? (long)entries : 0;
    }
}
