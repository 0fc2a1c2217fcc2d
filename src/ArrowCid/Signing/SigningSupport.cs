using ArrowCid.Memory;

namespace ArrowCid.Signing;

/// <summary>Asks for what signatures need and stores do not.</summary>
internal static class SigningSupport
{
    /// <summary>Throws where the framework's cryptography cannot be used.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: OpenSSL is not installed.</exception>
    public static void Require()
    {
        if (OpenSsl.IsThere) return;
        throw new ArrowCidException(ErrorCode.Unsupported,
            "signatures need OpenSSL (libssl 3 or 1.1), which is not installed; install it");
    }
}
