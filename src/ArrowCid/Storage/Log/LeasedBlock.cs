namespace ArrowCid.Storage;

/// <summary>A block that is here, leased until it is announced; a VIEW by its parent's segment too.</summary>
internal readonly record struct LeasedBlock(BlockInfo Info, ulong Sequence, Segment Segment, Segment? Parent)
{
    /// <summary>The offset of its record in the segment.</summary>
    public long Offset { get; init; }

    /// <summary>Of a VIEW the offset of its first byte in the parent's segment.</summary>
    public long ParentStart { get; init; }

    /// <summary>The block's bytes where they are stored.</summary>
    public ReadOnlySpan<byte> Bytes => Parent is null
        ? Segment.Map.Bytes(Offset + StoreLayout.RecordHeaderBytes, (int)Info.Length)
        : Parent.Map.Bytes(ParentStart, (int)Info.Length);

    /// <summary>The range of its record.</summary>
    public DamagedRange Range => new(Cid.FromSha256(Info.Codec, Info.Digest), Segment.Slot, Segment.Generation, Offset,
        Parent is null ? StoreLayout.RecordBytes(Info.Length) : StoreLayout.RecordHeaderBytes);

    public void Release()
    {
        Segment.Release();
        Parent?.Release();
    }
}
