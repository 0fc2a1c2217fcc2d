namespace ArrowCid.Server.Access;

/// <summary>The one rule for scopes: what each operation needs. <see cref="CallerRights"/> applies it where it depends
/// on what is stored.</summary>
internal static class AccessRules
{
    /// <summary>How names of ArrowCid's own settings begin, such as the maintenance policy.</summary>
    public const string ReservedPrefix = "arrowcid.";

    /// <summary>Returns what an operation needs.</summary>
    public static AccessNeed NeedOf(AccessOperation operation) => operation switch
    {
        AccessOperation.FetchBlock => AccessNeed.Fetch,
        AccessOperation.ResolveName or AccessOperation.List => AccessNeed.List,
        AccessOperation.PutBlock or AccessOperation.Annotate or AccessOperation.CreateName
            or AccessOperation.PublishMessage => AccessNeed.Put,
        _ => AccessNeed.Admin,
    };

    /// <summary>Returns what an operation needs on a block that the caller addresses by its name or by its CID: a CID
    /// cannot be guessed, a name can.</summary>
    public static AccessNeed NeedOf(AccessOperation operation, bool isByName)
    {
        AccessNeed need = NeedOf(operation), resolving = NeedOf(AccessOperation.ResolveName);
        return isByName && need < resolving ? resolving : need;
    }
}
