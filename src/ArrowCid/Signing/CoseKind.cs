namespace ArrowCid.Signing;

/// <summary>The two messages of COSE that are used, by their CBOR tags.</summary>
internal enum CoseKind
{
    /// <summary>COSE_Mac0 with HMAC 256/256.</summary>
    Mac0 = 17,

    /// <summary>COSE_Sign1 with ES256.</summary>
    Sign1 = 18,
}
