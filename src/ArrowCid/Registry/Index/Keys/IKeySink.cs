namespace ArrowCid.Registry;

/// <summary>Takes keys of secondary orders.</summary>
internal interface IKeySink
{
    /// <param name="kind">The order.</param>
    /// <param name="group">The group's bytes, read before the call returns.</param>
    /// <param name="time">The time within it.</param>
    void Add(IndexKind kind, ReadOnlySpan<byte> group, ulong time);
}
