namespace ArrowCid.Memory;

/// <summary>Where the address of a struct ArrowArray goes.</summary>
internal readonly unsafe struct CArrayPlace(CArray** place)
{
    // SAFETY: memory of the export, which whoever has a place is still writing.
    public void Set(CArray* address) => *place = address;
}
