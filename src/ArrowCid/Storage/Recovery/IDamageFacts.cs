namespace ArrowCid.Storage;

/// <summary>Damage in the form of facts, which the log keeps.</summary>
internal interface IDamageFacts
{
    /// <summary>Makes the fact that records a range.</summary>
    IFactSource Record(DamagedRange range);

    /// <summary>Reads the ranges that a record of facts names.</summary>
    /// <param name="payload">The record's payload.</param>
    /// <param name="recordNanoseconds">The record's time.</param>
    /// <param name="found">Gets the ranges.</param>
    void Read(ReadOnlySpan<byte> payload, ulong recordNanoseconds, List<DamagedRange> found);
}
