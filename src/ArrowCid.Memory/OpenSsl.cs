using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

/// <summary>
/// Whether the framework's cryptography can be used. It loads OpenSSL at its first use, and ends the process where
/// there is none: so that is asked first. Stores need none of it; signatures do.
/// </summary>
internal static class OpenSsl
{
    private static readonly Lazy<bool> s_isThere = new(Probe);

    /// <summary>Whether OpenSSL is installed.</summary>
    public static bool IsThere => s_isThere.Value;

    private static bool Probe()
    {
        // As the framework looks for it. The library stays loaded, because the framework is about to load it too.
        string? version = Environment.GetEnvironmentVariable("CLR_OPENSSL_VERSION_OVERRIDE");
        return (!string.IsNullOrEmpty(version) && NativeLibrary.TryLoad($"libssl.so.{version}", out _)) ||
            NativeLibrary.TryLoad("libssl.so.3", out _) || NativeLibrary.TryLoad("libssl.so.1.1", out _);
    }
}
