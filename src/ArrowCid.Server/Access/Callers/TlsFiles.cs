using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ArrowCid.Server.Access;

/// <summary>Certificates from PEM files.</summary>
/// <param name="Certificate">The server's chain, its own first.</param>
/// <param name="Key">Its private key; null: it stands beside the certificate.</param>
/// <param name="ClientAuthority">The authority that signs clients' certificates; null: none are requested.</param>
/// <param name="RequiresClient">Whether a client without a certificate is refused.</param>
internal sealed record TlsFiles(string Certificate, string? Key, string? ClientAuthority, bool RequiresClient)
{
    /// <summary>Reads the server's certificate with its key.</summary>
    /// <exception cref="ArrowCidException">A file cannot be read, or they do not fit.</exception>
    public X509Certificate2 Load() => Read(Certificate, () => X509Certificate2.CreateFromPemFile(Certificate, Key));

    /// <summary>The file with the private key where users other than its owner and group may read it; else
    /// null.</summary>
    public string? OpenKey
    {
        get
        {
            string file = Key ?? Certificate;
            return !OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & UnixFileMode.OtherRead) != 0
                ? file
                : null;
        }
    }

    /// <summary>The certificates that lead from the server's to its authority.</summary>
    public X509Certificate2Collection Chain() => Read(Certificate, () => Pem(Certificate));

    /// <summary>Reads the authority that signs clients' certificates.</summary>
    public X509Certificate2Collection Authorities() =>
        Read(ClientAuthority!, () => Pem(ClientAuthority!) is { Count: > 0 } found
            ? found
            : throw new CryptographicException("no certificate in PEM"));

    /// <summary>Whether a client's certificate is of one of the authorities, and for clients.</summary>
    public static bool IsOf(X509Certificate2 certificate, X509Certificate2Collection authorities)
    {
        const string ClientUse = "1.3.6.1.5.5.7.3.2";
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientUse));
        return chain.Build(certificate);
    }

    /// <summary>Whom a certificate names: its first DNS name, else its common name.</summary>
    public static string NameOf(X509Certificate2 certificate) =>
        certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false) is { Length: > 0 } name
            ? name
            : certificate.Subject;

    private static X509Certificate2Collection Pem(string path)
    {
        var found = new X509Certificate2Collection();
        found.ImportFromPemFile(path);
        return found;
    }

    private static T Read<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"the certificate cannot be read from {path}: {e.Message}", e);
        }
    }
}
