namespace ArrowCid.Storage;

/// <summary>What else is known of a record. Bits are part of the format.</summary>
[Flags]
internal enum RecordFlags : ushort
{
    None = 0,

    /// <summary>Made by this library's own encoder, so that its form need not be checked again in a store of one's
    /// own.</summary>
    OwnEncoder = 1,

    /// <summary>Copied by compaction: not announced again.</summary>
    Moved = 2,

    /// <summary>The payload was not hashed when the record was written.</summary>
    Unhashed = 4,

    /// <summary>The lane's next number belongs to the same transaction: neither counts without the other.</summary>
    Continued = 8,

    /// <summary>A block of a transaction: look-ups find it only once it is committed.</summary>
    FoundOnceCommitted = 16,

    /// <summary>What concerns the log and not the block.</summary>
    Transaction = Continued | FoundOnceCommitted,
}
