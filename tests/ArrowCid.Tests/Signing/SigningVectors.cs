using System.Security.Cryptography;
using ArrowCid.Signing;
using ArrowCid.Tests.House;
using ArrowCid.Tests.Ipld;

namespace ArrowCid.Tests.Signing;

/// <summary>The vectors of SIGNING.md, which another implementation made.</summary>
internal static class SigningVectors
{
    private static readonly Dictionary<string, List<string>> s_lines = Read();

    /// <summary>The private key of the vectors.</summary>
    public static SigningKey Key()
    {
        using var key = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            D = Hex.Bytes(s_lines["d  "][0]),
        });
        return SigningKey.FromPem(key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>The shared secret of the vectors.</summary>
    public static SigningKey Shared() => SigningKey.FromPem(
        PemEncoding.WriteString("ARROWCID HMAC KEY", Hex.Bytes(s_lines["mac"][0])));

    /// <summary>The statements, their signatures and the ids of their keys.</summary>
    public static (string Key, byte[] Block, byte[] Signature)[] All =>
        [.. s_lines["key"].Select((key, i) => (key, Hex.Bytes(s_lines["say"][i]), Hex.Bytes(s_lines["sig"][i])))];

    private static Dictionary<string, List<string>> Read()
    {
        var all = new Dictionary<string, List<string>>();
        string last = "";
        foreach (string line in File.ReadAllLines(Repository.PathOf("src/ArrowCid/Signing/SIGNING.md"))
            .SkipWhile(line => line != "## Vectors"))
        {
            bool isValue = line.StartsWith("    ", StringComparison.Ordinal) && line.Length > 8;
            if (!isValue)
            {
                last = "";
                continue;
            }

            string label = line[4..7];
            if (!all.TryGetValue(label, out List<string>? values)) all[label] = values = [];
            if (label == last) values[^1] += line[8..];
            else values.Add(line[8..]);
            last = label;
        }

        return all;
    }
}
