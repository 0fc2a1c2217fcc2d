namespace ArrowCid.Registry;

/// <summary>A range of a segment whose bytes are not what was written there. It describes the files of one store and
/// never travels.</summary>
/// <param name="Block">The block whose record it is; null where no record can be read.</param>
/// <param name="Slot">The segment's slot.</param>
/// <param name="Generation">The segment's generation.</param>
/// <param name="Offset">The offset of the first byte, a multiple of 64.</param>
/// <param name="Bytes">The number of bytes.</param>
/// <param name="At">When the damage was found, in ms since 1970.</param>
internal sealed record DamagedFact(Cid? Block, ulong Slot, ulong Generation, ulong Offset, ulong Bytes, ulong At)
    : Fact(FactKind.Damaged);
