namespace ArrowCid;

/// <summary>
/// What went wrong, as a stable number. Numbers are never reused or changed; new ones are appended.
/// <see cref="ErrorTable"/> maps each to an exit code of the command and to a gRPC status.
/// </summary>
public enum ErrorCode
{
    /// <summary>A fault in ArrowCid itself.</summary>
    Internal = 1,
    /// <summary>An argument that the caller can correct.</summary>
    InvalidArgument = 2,
    /// <summary>A text or byte sequence that is not a CID, multihash, multibase or varint.</summary>
    InvalidCid = 3,
    /// <summary>A batch does not have the schema that was asked for.</summary>
    SchemaMismatch = 4,
    /// <summary>Well formed, but a codec, hash, type or feature that ArrowCid does not handle here.</summary>
    Unsupported = 5,
    /// <summary>No block of that CID is in the store.</summary>
    BlockNotFound = 6,
    /// <summary>No such name.</summary>
    NameNotFound = 7,
    /// <summary>The name is taken.</summary>
    NameExists = 8,
    /// <summary>A compare-and-swap of a name found another value.</summary>
    NameConflict = 9,
    /// <summary>Stored bytes do not hash to their CID, or a checksum in the store is wrong.</summary>
    BlockCorrupt = 10,
    /// <summary>Foreign bytes (Arrow, CAR, Parquet, CSV, JSON) break their format's rules.</summary>
    InvalidData = 11,
    /// <summary>A readable stream that is not in the canonical form.</summary>
    NotCanonical = 12,
    /// <summary>The store met an I/O error before; close and open it again.</summary>
    StoreFaulted = 13,
    /// <summary>The store was made by a version that this one cannot handle.</summary>
    FormatVersion = 14,
    /// <summary>No space for the block within the store's capacity.</summary>
    StoreFull = 15,
    /// <summary>The index is full and cannot grow now.</summary>
    IndexFull = 16,
    /// <summary>A block, buffer or batch over a limit of the format or of the caller's budget.</summary>
    TooLarge = 17,
    /// <summary>A cursor points before what is still there; resume from the position in the message.</summary>
    SubscriberLagged = 18,
    /// <summary>Another caller or process holds what is needed; a retry may help.</summary>
    Busy = 19,
    /// <summary>The store's directory or control file was removed while it was open.</summary>
    StoreGone = 20,
    /// <summary>The process forked after it opened the store; open it again in the child.</summary>
    Forked = 21,
    /// <summary>A file, store or block may not be read: owner, mode, file system, or a trust rule.</summary>
    AccessDenied = 22,
    /// <summary>A file could not be read or written.</summary>
    Io = 23,
    /// <summary>The machine has no more of something: disk space, quota, or open files.</summary>
    ResourceExhausted = 24,
    /// <summary>The database or the object store of a pool does not answer; a retry may help.</summary>
    PoolUnavailable = 25,
    /// <summary>The lease of this member of a pool has ended; it must join again.</summary>
    MemberFenced = 26,
}
