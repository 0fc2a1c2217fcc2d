using System.Runtime.InteropServices;

namespace ArrowCid.Native;

/// <summary><c>arrowcid_event</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AnnouncementOut
{
    public Block Block;
    public int Kind, Lane, GapReason, Reserved;
    public long GapFirst, GapLast;

    public static AnnouncementOut Of(in StoreEvent announcement) => new()
    {
        Block = Block.Of(in announcement),
        Kind = (int)announcement.Kind,
        Lane = announcement.Lane,
        GapReason = announcement.Gap is { } gap ? (int)gap.Reason : 0,
        GapFirst = (long)(announcement.Gap?.First ?? 0),
        GapLast = (long)(announcement.Gap?.Last ?? 0),
    };
}
