using System.CommandLine;

namespace ArrowCid.Cli.Verbs;

/// <summary>The service on the network that a verb calls, and the token that it shows.</summary>
internal static class TokenFileOption
{
    private const int MostBytes = 64 << 10;

    public static Option<string?> Make() => new("--token-file")
    {
        HelpName = "FILE",
        Description = "A file with the access token of the service in its first line.",
    };

    /// <summary>Reads the URL of a service.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is none.</exception>
    public static Uri UrlOf(string text, string flag) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
            ? url
            : throw new ArrowCidException(ErrorCode.InvalidArgument, $"{flag} takes a URL such as https://HOST, not " +
                $"'{text}'");

    /// <summary>Reads the token; null where no file is named.</summary>
    /// <exception cref="ArrowCidException">The file cannot be read, or its first line is no token.</exception>
    public static string? Read(string? file, Uri url)
    {
        if (file is null) return null;
        string token;
        using (var reader = new StreamReader(file))
        {
            char[] start = new char[MostBytes];
            int read = reader.ReadBlock(start);
            token = new string(start, 0, read).Split('\n')[0].Trim();
        }

        if (token.Length == 0 || token.Any(c => c is <= ' ' or > '~'))
            throw new ArrowCidException(ErrorCode.InvalidArgument, $"the first line of {file} is no token");
        if (url.Scheme == "http" && !url.IsLoopback)
            CommandError.Say($"warning: the token is sent to {url.Host} without TLS");
        return token;
    }
}
