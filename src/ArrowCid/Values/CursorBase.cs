namespace ArrowCid;

/// <summary>The positions that many cursors share; never changed.</summary>
internal sealed record CursorBase(Guid Store, bool IsListing, LanePosition[] Lanes)
{
    public const int MaxLanes = 64;
}
