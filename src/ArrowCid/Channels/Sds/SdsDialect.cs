namespace ArrowCid.Channels.Sds;

/// <summary>
/// The form of SDS messages. The two implementations of Scalable Data Sync number their fields differently and cannot
/// read each other; a channel speaks one of them (<c>Channels/Sds/SDS.md</c>, section 1).
/// </summary>
public enum SdsDialect
{
    /// <summary>The form of nim-sds: Lamport times in seconds, a filter that names its parameters, FarmHash.</summary>
    Nim,

    /// <summary>The form of the specification (LIP-109) and of <c>@waku/sds</c>: Lamport times in milliseconds, a
    /// filter of bare big-endian words, Murmur3.</summary>
    Rfc,
}
