namespace ArrowCid.Storage;

/// <summary>What one FACT record will say.</summary>
internal interface IFactSource
{
    /// <summary>Writes the record's payload. It is called at the lane's turn, under its gate: it is to be quick, not
    /// to throw and not to call the store. Where a group of records has to be written again it is called again, and
    /// the last call counts.</summary>
    /// <param name="block">The block that is being put, with the time of this put (the rest, of a known block, as its
    /// first put has it); the default where the fact comes alone.</param>
    /// <param name="destination">65,536 bytes.</param>
    /// <returns>How many were written.</returns>
    int Write(in BlockInfo block, Span<byte> destination);
}
