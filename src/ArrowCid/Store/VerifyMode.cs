namespace ArrowCid;

/// <summary>How much a read proves (<c>Storage/FORMAT.md</c>, Reading). What is not the store's own user's is never
/// read.</summary>
public enum VerifyMode
{
    /// <summary>Blocks that this library's encoder made are believed; others are read as by
    /// <see cref="FirstRead"/>.</summary>
    Trusted = 0,

    /// <summary>A block's hash and form are proved once where it is stored, since the machine started: what one process
    /// has proved no other proves again.</summary>
    FirstRead = 1,

    /// <summary>A block's hash and form are proved at every read.</summary>
    Always = 2,
}
