using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>A record on its way to another segment: what it says stays, but for its place and number. While it is
/// copied the caller has a lease on where it lies.</summary>
internal sealed class Relocation : IBlockSource
{
    private readonly Segment _segment;
    private readonly long _offset;
    private readonly RecordHeader _header;

    public Relocation(Segment segment, long offset, in RecordHeader header, bool asReference)
    {
        Debug.Assert(offset >= StoreLayout.SegmentRecords && offset % StoreLayout.RecordAlignment == 0);
        (_segment, _offset, _header) = (segment, offset, header);
        if (asReference) _header.Kind = (ushort)RecordKind.Ref;
        _header.Flags = (ushort)(((RecordFlags)_header.Flags & ~RecordFlags.Transaction) | RecordFlags.Moved);
    }

    /// <summary>The record as it is to be written.</summary>
    public RecordHeader Header => _header;

    /// <summary>Whether entries are to lead to the copy.</summary>
    public bool IsIndexed => _header.IsBlock;

    /// <summary>Whether its block is still found where it lies.</summary>
    public bool IsPlaceOf(BlockIndex index) => index.IsPlaceOf(_header.Digest, _segment, _offset);

    public int Length => _header.HasPayload ? (int)_header.PayloadLength : 0;

    /// <summary>The entry that leads to the old place.</summary>
    public IndexEntry EntryOf(ulong hash) => new(hash, _segment.Slot, _segment.Generation, _offset);

    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: what lies there is not what the header
    /// says, and is not to be spread.</exception>
    public Digest256 WriteTo(Span<byte> destination)
    {
        if (!_header.HasPayload) return _header.Digest;
        Debug.Assert(destination.Length == Length);
        _segment.Map.CopyTo(_offset + StoreLayout.RecordHeaderBytes, destination);
        Digest256 digest = Sha256.Hash(destination);
        if (digest == _header.Digest) return digest;
        throw StorageErrors.Corrupt(_segment.Name, $"block sha256:{_header.Digest} is damaged; put it again");
    }
}
