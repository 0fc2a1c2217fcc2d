namespace ArrowCid;

/// <summary>What helps, as a stable number. Numbers are never reused or changed; new ones are appended.</summary>
public enum RemedyKind
{
    /// <summary>Nothing has to be done.</summary>
    None = 0,
    /// <summary>Nothing has to be done; a compaction frees the space.</summary>
    Compact = 1,
    /// <summary>Try again.</summary>
    Retry = 2,
    /// <summary>Store something in the directory, or choose another one.</summary>
    ChooseDirectory = 3,
    /// <summary>Remove the write permission of other users, and check the contents.</summary>
    RestrictAccess = 4,
    /// <summary>Use a store of this user.</summary>
    UseOwnStore = 5,
    /// <summary>Use the version of ArrowCid that made the store.</summary>
    UseOtherVersion = 6,
    /// <summary>Open the store for writing, or repair it.</summary>
    OpenForWriting = 7,
    /// <summary>Repair the store, which rebuilds what can be derived and quarantines what is damaged.</summary>
    RepairStore = 8,
    /// <summary>Restore the file, or repair the store, which rebuilds the file from the intact parts while no other
    /// process uses the store.</summary>
    RestoreFile = 9,
    /// <summary>Restore the segment's file, or repair the store without it and put its batches again.</summary>
    RestoreSegment = 10,
    /// <summary>Repair the block from a copy (<see cref="StoreMaintenance.Repair"/>), put it again, or remove it. The
    /// argument is its CID, where it is known.</summary>
    RepairBlock = 11,
    /// <summary>Repair all damaged blocks from a copy, or repair the store, which quarantines the damage, and put the
    /// blocks again.</summary>
    RepairRecords = 12,
    /// <summary>Put the batches again.</summary>
    PutAgain = 13,
    /// <summary>Write the missing metadata again, or restore the file.</summary>
    WriteMetadataAgain = 14,
    /// <summary>Delete the file once it needs no examination.</summary>
    DeleteFile = 15,
    /// <summary>Free space on the file system, or choose another directory.</summary>
    FreeSpace = 16,
    /// <summary>Remove blocks, or make a larger store.</summary>
    RemoveBlocks = 17,
    /// <summary>Try again, and check the log if the error persists.</summary>
    CheckLog = 18,
    /// <summary>Reap what processes that died have left.</summary>
    Reap = 19,
    /// <summary>Set one of the properties of the options. The argument is their names, separated by commas.</summary>
    SetOption = 20,
    /// <summary>Take away the access of other users to a key file. The argument is its path.</summary>
    RestrictKeyAccess = 21,
    /// <summary>Have a trusted key sign the block, or change the trust rules.</summary>
    SignOrChangeTrust = 22,
}
