namespace ArrowCid.Storage;

/// <summary>How much of a block was proved since the machine started.</summary>
internal enum Proof
{
    None = 0,

    /// <summary>Its bytes hash to its digest.</summary>
    Hash = 1,

    /// <summary>Its form too: it is the canonical block of what it says, or has no form.</summary>
    Form = 2,
}
