namespace ArrowCid.Server.Access;

/// <summary>An operation, whichever way a caller asks for it. Routes of HTTP and calls and actions of Flight name one
/// of these, so that the same operation needs the same scope everywhere.</summary>
internal enum AccessOperation
{
    /// <summary>Reads, exports or verifies a block by its CID, or asks whether it is stored.</summary>
    FetchBlock,

    /// <summary>Resolves a name, or addresses a block by one.</summary>
    ResolveName,

    /// <summary>Lists, watches or describes blocks and names, or reads metrics.</summary>
    List,

    /// <summary>Stores batches.</summary>
    PutBlock,

    /// <summary>Sets tags, a producer or JSON of a block.</summary>
    Annotate,

    /// <summary>Creates a name that does not exist.</summary>
    CreateName,

    /// <summary>Moves or removes a name that exists, or changes any name that begins with
    /// <see cref="AccessRules.ReservedPrefix"/>.</summary>
    ChangeName,

    /// <summary>Pins or unpins a block.</summary>
    Pin,

    /// <summary>Sets the expiry of a block that was stored before.</summary>
    ChangeExpiry,

    /// <summary>Deletes a block.</summary>
    RemoveBlock,

    /// <summary>Publishes messages in a channel, or takes in those of others.</summary>
    PublishMessage,

    /// <summary>Creates a channel.</summary>
    ManageChannel,

    /// <summary>Reads the settings of the server.</summary>
    ReadConfiguration,

    /// <summary>Reads who put, named and removed what.</summary>
    ReadAudit,
}
