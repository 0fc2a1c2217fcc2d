namespace ArrowCid.Memory;

/// <summary>Where the address of a struct ArrowArray goes.</summary>
internal readonly unsafe struct CArrayPlace(CArray** place)
{
    // SAFETY: memory of an export that is still being written; the caller that holds a place owns it.
    public void Set(CArray* address) => *place = address;
}
