namespace ArrowCid.Registry;

/// <summary>A file of the index is not what was written, or not one that this version reads. It never leaves the
/// registry, which makes the index anew from the log.</summary>
internal sealed class IndexDamagedException(string what, bool isDamage = true) : Exception(what)
{
    /// <summary>False where the file is whole, but of another version or another store.</summary>
    public bool IsDamage { get; } = isDamage;
}
