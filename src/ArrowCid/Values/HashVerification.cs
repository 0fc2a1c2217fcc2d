namespace ArrowCid;

/// <summary>The result of <see cref="Multihash.Verify"/>.</summary>
public enum HashVerification
{
    /// <summary>Nothing is proven: the hash function is not available here, or the digest is under
    /// <see cref="Multihash.MinVerifiableLength"/> bytes. Never take it for a match.</summary>
    Unverifiable = 0,
    /// <summary>The bytes hash to the digest.</summary>
    Match = 1,
    /// <summary>The bytes do not hash to the digest.</summary>
    Mismatch = 2,
}
