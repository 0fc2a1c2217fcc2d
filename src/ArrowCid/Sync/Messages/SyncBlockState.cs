namespace ArrowCid.Sync;

/// <summary>Whether an end wants a block. Numbers are part of the format.</summary>
internal enum SyncBlockState : byte
{
    /// <summary>It is not here.</summary>
    Wanted = 0,

    /// <summary>It is here.</summary>
    Here = 1,

    /// <summary>It was removed here after the other side's last put of it.</summary>
    Removed = 2,
}
