namespace ArrowCid.Signing;

/// <summary>What the check of a signed statement found.</summary>
public enum SignatureState
{
    /// <summary>The signature holds.</summary>
    Holds = 1,

    /// <summary>The signature does not hold, or the statement or signature has another form.</summary>
    Broken = 2,

    /// <summary>It was made with a shared secret that was not given.</summary>
    NoKey = 3,

    /// <summary>The block of the statement or of the signature is not stored.</summary>
    Missing = 4,
}
