namespace ArrowCid.Ipc;

/// <summary>What a buffer of a message's body is for.</summary>
internal enum BufferRole
{
    Validity,
    Values,
    Offsets,
    Sizes,
    Data,
    Views,
    TypeCodes,
    Indices,
}
