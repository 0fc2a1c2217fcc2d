namespace ArrowCid;

/// <summary>Leniencies of a reader of CIDs and multihashes. None by default.</summary>
[Flags]
public enum CidParseOptions
{
    /// <summary>Strict.</summary>
    None = 0,
    /// <summary>Identity digests over <see cref="Multihash.MaxIdentityLength"/> and up to
    /// <see cref="Multihash.MaxDigestLength"/> bytes, which others may have written.</summary>
    AllowLongIdentity = 1,
}
