namespace ArrowCid.Memory;

/// <summary>A range of a mapping as <see cref="Memory{T}"/>; see <see cref="NativeView"/>.</summary>
internal sealed unsafe class MappedView(Mapping mapping, long offset, int length, IViewOwner owner)
    : NativeView((nint)mapping.Pointer(offset, length), length, owner)
{
    /// <inheritdoc/>
    public override void Unpin()
    {
        base.Unpin();
        // SAFETY: the range was checked against the mapping, which the owner keeps mapped; the last unpin gives it up.
        GC.KeepAlive(mapping);
    }
}
