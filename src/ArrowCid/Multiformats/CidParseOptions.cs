namespace ArrowCid;

/// <summary>What a reader of CIDs and multihashes may let pass. Nothing by default.</summary>
[Flags]
public enum CidParseOptions
{
    /// <summary>Strict.</summary>
    None = 0,
    /// <summary>Identity digests over <see cref="Multihash.MaxIdentityLength"/> and up to
    /// <see cref="Multihash.MaxDigestLength"/> bytes, which others may have written.</summary>
    AllowLongIdentity = 1,
}
