using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ArrowCid.Server;

namespace ArrowCid.Tests.Flight.Http;

/// <summary>TLS on the HTTP port, with certificates of clients.</summary>
public sealed class TlsTests
{
    private static readonly DateTimeOffset s_from = DateTimeOffset.UtcNow.AddDays(-1), s_to = DateTimeOffset.UtcNow.AddDays(1);

    [Fact]
    public async Task A_client_of_the_right_authority_may_read_and_no_other_gets_in()
    {
        using X509Certificate2 authority = Authority(), stranger = Authority();
        using X509Certificate2 own = Leaf(authority, "localhost", "1.3.6.1.5.5.7.3.1");
        using X509Certificate2 client = Leaf(authority, "somebody", "1.3.6.1.5.5.7.3.2");
        using X509Certificate2 foreign = Leaf(stranger, "somebody", "1.3.6.1.5.5.7.3.2");
        using X509Certificate2 wrongUse = Leaf(authority, "somebody", "1.3.6.1.5.5.7.3.1");
        await using ServedStore served = await ServedStore.Start(served => new CidServerOptions
        {
            Flight = null,
            Http = ServedStore.Any,
            Certificate = Write(served, "own.pem", own.ExportCertificatePem()),
            CertificateKey = Write(served, "key.pem", own.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()),
            ClientAuthority = Write(served, "authority.pem", authority.ExportCertificatePem()),
            RequireClientCertificate = true,
        });
        using HttpClient right = Connect(served, own, client);
        Assert.Equal(HttpStatusCode.OK, (await right.GetAsync("/v1/blocks")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await right.PutAsync("/v1/names/n", null)).StatusCode);
        foreach (X509Certificate2? shown in new[] { null, foreign, wrongUse })
        {
            using HttpClient other = Connect(served, own, shown);
            _ = await Assert.ThrowsAnyAsync<HttpRequestException>(() => other.GetAsync("/health"));
        }
    }

    private static HttpClient Connect(ServedStore served, X509Certificate2 server, X509Certificate2? certificate)
    {
        var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, seen, _, _) =>
                    seen?.GetCertHashString() == server.GetCertHashString(),
                LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate!,
            },
        };
        return new HttpClient(handler) { BaseAddress = new Uri($"https://{served.Address}") };
    }

    private static X509Certificate2 Authority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(s_from, s_to);
    }

    private static X509Certificate2 Leaf(X509Certificate2 authority, string name, string use)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 signed = request.Create(authority, s_from.AddHours(1), s_to.AddHours(-1), RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }

    private static string Write(ServedStore served, string name, string pem)
    {
        string path = Path.Combine(served.Directory, name);
        File.WriteAllText(path, pem);
        return path;
    }
}
