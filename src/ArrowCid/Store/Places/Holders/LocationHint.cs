using System.Globalization;

namespace ArrowCid;

/// <summary>Locations that writers have recorded for a block, as they are opened. They may come from anywhere, so that
/// a hint with a query, which could name a file of the reader or another server, is not followed.</summary>
internal static class LocationHint
{
    private const string File = "file://", Shared = "shm:";

    /// <summary>Returns the location that a hint means; null if it is not followed.</summary>
    /// <param name="hint">A directory, <c>file:</c>, <c>shm:NAME</c>, a URL of a server, gateway or bucket, or a
    /// multiaddr.</param>
    public static string? Resolve(string hint)
    {
        if (hint.AsSpan().IndexOfAny('?', '#') >= 0 || hint.Any(char.IsControl)) return null;
        if (hint.StartsWith(Shared, StringComparison.Ordinal))
        {
            string name = hint[Shared.Length..];
            bool isName = name.Length > 0 && !name.Contains('/', StringComparison.Ordinal) && name is not ("." or "..");
            return isName ? CidStore.SharedDirectory(name) : null;
        }

        if (hint.StartsWith(File, StringComparison.Ordinal))
        {
            return Uri.TryCreate(hint, UriKind.Absolute, out Uri? file) && file is { IsFile: true, Host.Length: 0 }
                ? file.LocalPath
                : null;
        }

        if (hint.Contains("://", StringComparison.Ordinal)) return hint;
        if (!hint.StartsWith('/')) return null;
        return MultiaddrProtocol.Of(hint.Split('/')[1]) is null ? hint : OfMultiaddr(hint);
    }

    /// <summary>A server of HTTP by its multiaddr, such as <c>/dns4/data.example/tcp/443/https</c>.</summary>
    private static string? OfMultiaddr(string hint)
    {
        Multiaddr address;
        try
        {
            address = Multiaddr.Parse(hint);
        }
        catch (ArrowCidException)
        {
            return null;
        }

        string? host = null, port = null, path = null;
        bool isTls = false, isHttp = false;
        foreach (MultiaddrPart part in address.Parts)
        {
            switch (part.Protocol.Name)
            {
                case "ip4" or "dns" or "dns4" or "dns6": host = part.Value; break;
                case "ip6": host = $"[{part.Value}]"; break;
                case "tcp": port = part.Value; break;
                case "tls": isTls = true; break;
                case "http": isHttp = true; break;
                case "https": (isHttp, isTls) = (true, true); break;
                case "http-path": path = part.Value; break;
                default: return null;
            }
        }

        if (host is null || port is null || !isHttp) return null;
        return string.Create(CultureInfo.InvariantCulture,
            $"{(isTls ? "https" : "http")}://{host}:{port}/{path?.TrimStart('/')}");
    }
}
