using System.Buffers.Binary;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Blocks read into memory of our own: where a lease is refused, and where nothing shared is to be
/// trusted.</summary>
internal sealed partial class BlockIndex
{
    /// <summary>As <see cref="TryFind"/>, but every block is read into memory of our own and believed by its digest
    /// alone: no segment is mapped for it.</summary>
    public bool TryCopy(in Digest256 digest, out FoundBlock found)
    {
        ulong hash = Hash(in digest);
        for (int round = 0; round < MaxRounds; round++)
        {
            IndexFiles files = Files;
            Scan result = CopyFrom(files.Current, hash, in digest, out found);
            if (result == Scan.Hit) return true;
            Scan older = result == Scan.Again ? Scan.Again : CopyFrom(files.Previous, hash, in digest, out found);
            if (older == Scan.Hit) return true;
            if (older == Scan.Again || _control.Index != files.Pair) continue;
            if (result == Scan.Corrupt || older == Scan.Corrupt) throw Damaged(in digest);
            return false;
        }

        throw Contended();
    }

    private Scan CopyFrom(IndexFile? file, ulong hash, in Digest256 digest, out FoundBlock found)
    {
        found = default;
        if (file is null) return Scan.Miss;
        Scan result = Scan.Miss;
        ReadOnlySpan<ulong> window = file.Window(file.Home(hash));
        for (int i = 0; i < window.Length; i++)
        {
            var entry = new IndexEntry(Volatile.Read(in window[i]));
            if (!entry.HasTag(hash) || entry.Bits == 0) continue;
            EntryStatus verdict = Copy(entry, in digest, out found);
            if (verdict == EntryStatus.Right) return Scan.Hit;
            if (verdict == EntryStatus.Other) continue;
            if (Volatile.Read(in window[i]) != entry.Bits) return Scan.Again;
            if (verdict == EntryStatus.Corrupt) result = Scan.Corrupt;
        }

        GC.KeepAlive(file);
        return result;
    }

    private ArrowCidException Damaged(in Digest256 digest) => StorageErrors.Corrupt(_control.Directory,
        $"the record of block sha256:{digest} is damaged; put the block again, or restore the segment");

    private ArrowCidException Contended() => new(ErrorCode.Busy,
        $"{_control.Directory}: the index does not come to rest; try again");

    /// <summary>A refused lease is not a miss: the block is read into memory of our own and believed by its digest
    /// alone.</summary>
    private EntryStatus Copy(IndexEntry entry, in Digest256 digest, out FoundBlock found)
    {
        found = default;
        if (entry.Slot >= _control.Superblock.Segments) return EntryStatus.Stale;
        TableWord word = _control.Table(entry.Slot);
        if (!word.IsLive || (word.Generation & 0xfff) != entry.Generation) return EntryStatus.Stale;
        string name = StoreLayout.SegmentName(entry.Slot, word.Generation);
        using FileDescriptor? file = _control.DirectoryFile.TryOpenFile(name, writable: false, out int errno);
        if (file is null && errno != Errno.NotFound)
            throw StorageErrors.FromErrno(errno, "cannot open", _control.PathOf(name));
        EntryStatus verdict = file is null ? EntryStatus.Stale : Copy(file, entry, in digest, out found);
        // What does not fit is damage only if it is still the segment that the entry means.
        bool isStill = _control.Table(entry.Slot) is { IsLive: true } again && again.Generation == word.Generation;
        return verdict == EntryStatus.Corrupt && !isStill ? EntryStatus.Stale : verdict;
    }

    private static EntryStatus Copy(FileDescriptor file, IndexEntry entry, in Digest256 digest, out FoundBlock found)
    {
        found = default;
        if (file.Stat(out FileStatus status) != 0) return EntryStatus.Corrupt;
        Span<byte> bytes = stackalloc byte[(int)StoreLayout.SegmentCommitted + sizeof(ulong)];
        if (file.Read(bytes, 0, out _) != bytes.Length ||
            SegmentHeader.Read(bytes[..StoreLayout.SegmentHeaderBytes]) is not { } segment)
            return EntryStatus.Corrupt;
        ulong committed = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(int)StoreLayout.SegmentCommitted..]);
        Span<byte> record = bytes[..StoreLayout.RecordHeaderBytes];
        if (file.Read(record, entry.Offset, out _) != record.Length ||
            !RecordHeader.TryParse(record, segment.Nonce, entry.Offset, status.Size, out found.Header))
            return EntryStatus.Corrupt;
        if (found.Header.Digest != digest || !found.Header.IsBlock) return EntryStatus.Other;
        if (found.Header.IsFoundOnceCommitted && (ulong)entry.Offset >= committed) return EntryStatus.Stale;
        found.Offset = entry.Offset;
        if (!found.Header.HasPayload)
        {
            // The bytes of a VIEW are part of its parent; the reader cuts and hashes them.
            found.Copy = [];
            return EntryStatus.Right;
        }

        byte[] payload = GC.AllocateUninitializedArray<byte>((int)found.Header.PayloadLength);
        if (file.Read(payload, entry.Offset + StoreLayout.RecordHeaderBytes, out _) != payload.Length ||
            Sha256.Hash(payload) != digest)
            return EntryStatus.Corrupt;
        found.Copy = payload;
        return EntryStatus.Right;
    }
}
