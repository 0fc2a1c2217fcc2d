namespace ArrowCid.Registry;

/// <summary>A file of the index is damaged, or of a version that this one does not read. The exception never leaves the
/// registry, which rebuilds the index from the log.</summary>
internal sealed class IndexDamagedException(string what, bool isDamage = true) : Exception(what)
{
    /// <summary>False where the file is whole, but of another version or another store.</summary>
    public bool IsDamage { get; } = isDamage;
}
