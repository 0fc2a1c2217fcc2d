namespace ArrowCid.Sync;

/// <summary>What the caller of a session may do beside reading.</summary>
/// <param name="CanPut">Whether blocks and facts may be pushed.</param>
/// <param name="IsAdmin">Whether names, pins and expiries may be.</param>
internal readonly record struct SyncRights(bool CanPut, bool IsAdmin)
{
    /// <summary>Everything.</summary>
    public static SyncRights All => new(CanPut: true, IsAdmin: true);

    /// <summary>Reading alone.</summary>
    public static SyncRights Read => default;

    /// <exception cref="ArrowCidException"><see cref="ErrorCode.AccessDenied"/>: the caller may only read.</exception>
    public void RequirePut()
    {
        if (!CanPut) throw new ArrowCidException(ErrorCode.AccessDenied, "pushing needs the scope put");
    }
}
