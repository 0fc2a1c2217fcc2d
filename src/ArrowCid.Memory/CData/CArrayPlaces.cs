namespace ArrowCid.Memory;

// SAFETY: memory of an export that is still being written; the caller that holds a place owns it.
/// <summary>The places below a struct ArrowArray; each is to be filled.</summary>
internal readonly unsafe struct CArrayPlaces(CArray* parent)
{
    public CArrayPlace Dictionary => new(&parent->Dictionary);

    public CArrayPlace Child(int index) => new(parent->Children + index);
}
