namespace ArrowCid.Memory;

/// <summary>Says whether the memory under a <see cref="NativeView"/> may still be used, and holds it while it is
/// pinned.</summary>
internal interface IViewOwner
{
    /// <summary>Throws <see cref="ObjectDisposedException"/> once the owner has been disposed.</summary>
    void ThrowIfDisposed();

    /// <summary>Keeps the memory, beyond the owner's disposal if need be, until <see cref="Unpin"/>.</summary>
    void Pin();

    void Unpin();
}
