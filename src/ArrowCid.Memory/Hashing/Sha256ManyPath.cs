namespace ArrowCid.Memory;

/// <summary>How <see cref="Sha256.HashMany"/> works on this machine.</summary>
internal enum Sha256ManyPath
{
    /// <summary>One message after the other.</summary>
    Serial,

    /// <summary>Sixteen messages side by side in AVX-512 registers.</summary>
    SixteenLanes,
}
