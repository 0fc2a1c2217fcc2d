using System.Buffers.Binary;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// What can still be read of a segment's file, whatever happened to it: each record is believed by its own checksum and
/// digest, not by the header, the file's length or the committed end. The file is mapped while this lives.
/// </summary>
internal sealed class SegmentSalvage : IDisposable
{
    private readonly Mapping? _map;
    private readonly List<SalvagedRecord> _records = [];
    private readonly List<SalvagedRecord> _lost = [];

    private SegmentSalvage(FileDescriptor file, ControlFile control, int slot, uint generation)
    {
        if (file.Stat(out FileStatus status) != 0
            || status.Size < StoreLayout.SegmentRecords + StoreLayout.RecordHeaderBytes)
        {
            IsDamaged = true;
            return;
        }

        _map = Mapping.TryMap(file, status.Size, writable: false, out int errno);
        StorageErrors.Check(errno, "cannot map", control.PathOf(StoreLayout.SegmentName(slot, generation)));
        Header = SegmentSet.ReadHeader(_map!);
        Superblock shape = control.Superblock;
        IsForeign = Header is not null && (Header.SegmentId != shape.SegmentId || Header.Slot != slot ||
            Header.Generation != generation || (uint)Header.Lane >= (uint)shape.Lanes);
        IsDamaged = Header is null || IsForeign || Header.Bytes != status.Size || status.Size % StoreLayout.MiB != 0;
        if (IsForeign || FindNonce() is not { } nonce) return;
        Walk(nonce, status.Size / StoreLayout.RecordAlignment * StoreLayout.RecordAlignment);
    }

    /// <summary>Null where it cannot be read.</summary>
    public SegmentHeader? Header { get; }

    /// <summary>Whether it is another store's segment, or another one of this store's: nothing in it is what belongs
    /// here.</summary>
    public bool IsForeign { get; }

    /// <summary>Whether anything is not as it was written.</summary>
    public bool IsDamaged { get; private set; }

    /// <summary>The whole records, in the order of their numbers.</summary>
    public IReadOnlyList<SalvagedRecord> Records => _records;

    /// <summary>Records of which only the header is right.</summary>
    public IReadOnlyList<SalvagedRecord> Lost => _lost;

    /// <summary>Reads a file.</summary>
    /// <returns>Null where there is none of that name.</returns>
    public static SegmentSalvage? TryRead(ControlFile control, string name, int slot, uint generation)
    {
        using FileDescriptor? file = control.DirectoryFile.TryOpenFile(name, writable: false, out int errno);
        if (errno == Errno.NotFound) return null;
        StorageErrors.Check(errno, "cannot open", control.PathOf(name));
        return new SegmentSalvage(file!, control, slot, generation);
    }

    /// <summary>The bytes after a record's header.</summary>
    public ReadOnlySpan<byte> PayloadOf(in SalvagedRecord record) => record.Header.HasPayload
        ? _map!.Bytes(record.Offset + StoreLayout.RecordHeaderBytes, (int)record.Header.PayloadLength)
        : [];

    /// <summary>A word of the header, whether or not the header is right as a whole.</summary>
    public ulong RawWord(int at)
    {
        if (_map is null) return 0;
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        _map.CopyTo(at, word);
        return BinaryPrimitives.ReadUInt64LittleEndian(word);
    }

    public void Dispose() => _map?.Dispose();

    /// <summary>Where the header is damaged the first record's magic tells, if its checksum is right with it.</summary>
    private ulong? FindNonce()
    {
        if (Header is not null) return Header.Nonce;
        foreach (ulong nonce in (ReadOnlySpan<ulong>)[RawWord(48),
            RawWord((int)StoreLayout.SegmentRecords) ^ (ulong)StoreLayout.SegmentRecords])
        {
            for (long at = StoreLayout.SegmentRecords; at <= _map!.Length - StoreLayout.RecordHeaderBytes;
                at += StoreLayout.RecordAlignment)
            {
                if (TryParse(nonce, at, _map.Length, out _)) return nonce;
            }
        }

        return null;
    }

    private void Walk(ulong nonce, long size)
    {
        ulong word = RawWord((int)StoreLayout.SegmentCommitted);
        bool isEndSane = word is >= (ulong)StoreLayout.SegmentRecords && word <= (ulong)size &&
            word % StoreLayout.RecordAlignment == 0;
        IsDamaged |= !isEndSane;
        long committed = isEndSane ? (long)word : size;
        uint? previous = Header?.Crc;
        ulong last = 0;
        for (long at = StoreLayout.SegmentRecords; at <= size - StoreLayout.RecordHeaderBytes;)
        {
            bool isInside = at < committed;
            bool isRecord = TryParse(nonce, at, size, out RecordHeader header) && header.Extent <= size - at &&
                header.Sequence > last && header.Sequence < StoreLayout.MaxSequence;
            bool isLinked = previous is null || header.PreviousCrc == previous;
            var record = new SalvagedRecord(at, header);
            bool isRight = isRecord && IsRight(in record);
            // After the committed end only records that continue the chain belong to the log; torn ones do not.
            if (!isInside && !(isRight && isLinked && previous is not null)) return;
            if (!isRecord)
            {
                // If the end is unknown, the rest of the file may simply be empty.
                IsDamaged |= isEndSane;
                previous = null;
                at += StoreLayout.RecordAlignment;
                continue;
            }

            IsDamaged |= !isRight || !isLinked;
            (isRight ? _records : _lost).Add(record);
            (previous, last) = (header.Crc, header.Sequence);
            at += header.Extent;
        }
    }

    private bool IsRight(in SalvagedRecord record)
    {
        RecordKind kind = record.Header.RecordKind;
        bool isPlaced = Header is null || kind == RecordKind.Pad ||
            (kind == RecordKind.Fact) == (Header.Kind == SegmentKind.Facts);
        return isPlaced && (!record.Header.IsHashed || Sha256.Hash(PayloadOf(in record)) == record.Header.Digest);
    }

    private bool TryParse(ulong nonce, long at, long size, out RecordHeader header)
    {
        Span<byte> copy = stackalloc byte[StoreLayout.RecordHeaderBytes];
        _map!.CopyTo(at, copy);
        return RecordHeader.TryParse(copy, nonce, at, size, out header);
    }
}
