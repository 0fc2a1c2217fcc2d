using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Processes that have the store open, and leftovers of dead ones.</summary>
public sealed partial class CidStore
{

    internal static StoreSegmentKind KindOf(SegmentKind kind) => kind switch
    {
        SegmentKind.Facts => StoreSegmentKind.Facts,
        SegmentKind.Jumbo => StoreSegmentKind.Large,
        _ => StoreSegmentKind.Data,
    };
}
