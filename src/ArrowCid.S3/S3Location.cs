namespace ArrowCid.S3;

/// <summary>A bucket, an object or a folder of objects: <c>s3://BUCKET/PATH?endpoint=URL&amp;region=NAME</c>.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Path">The key of an object, or the common start of keys; empty for the whole bucket.</param>
/// <param name="Endpoint">The server; null for the one that the environment names, else AWS.</param>
/// <param name="Region">The region; null for the one that the environment names.</param>
internal sealed record S3Location(string Bucket, string Path, Uri? Endpoint, string? Region)
{
    private const string Scheme = "s3://";
    private const int LeastBucketName = 3, MostBucketName = 63;

    /// <summary>Whether the path is the common start of keys, and no key.</summary>
    public bool IsFolder => Path.Length == 0 || Path.EndsWith('/');

    /// <summary>Returns whether a text is meant as such a location.</summary>
    public static bool Matches(string text) => text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>Parses a location.</summary>
    /// <param name="text">The URL; %XX in its path is a byte.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it breaks the form.</exception>
    public static S3Location Parse(string text)
    {
        if (!Matches(text)) throw Refused("the URL does not begin with s3://");
        string rest = text[Scheme.Length..];
        int query = rest.IndexOf('?', StringComparison.Ordinal);
        string name = query < 0 ? rest : rest[..query];
        int slash = name.IndexOf('/', StringComparison.Ordinal);
        string bucket = slash < 0 ? name : name[..slash];
        // What stands before an @ may be a secret, so the message does not repeat it.
        if (bucket.Contains('@', StringComparison.Ordinal) || bucket.Contains(':', StringComparison.Ordinal))
        {
            throw Refused("the URL holds credentials or a port; credentials come from the environment or a profile, " +
                "and the server from ?endpoint=URL");
        }

        if (!IsBucketName(bucket))
            throw Refused($"'{bucket}' is no name of a bucket (3 to 63 of a-z, 0-9, '-' and '.')");
        string path = slash < 0 ? "" : Uri.UnescapeDataString(name[(slash + 1)..]);
        (Uri? endpoint, string? region) = ParseQuery(query < 0 ? "" : rest[(query + 1)..]);
        return new S3Location(bucket, path, endpoint, region);
    }

    /// <summary>An object or folder below a folder.</summary>
    public S3Location Child(string name) => this with { Path = IsFolder ? Path + name : $"{Path}/{name}" };

    /// <summary>The URL, which <see cref="Parse"/> reads back.</summary>
    public override string ToString()
    {
        string path = string.Join('/', Path.Split('/').Select(Uri.EscapeDataString));
        string[] query =
        [
            .. Endpoint is null ? Array.Empty<string>() : [$"endpoint={Endpoint.AbsoluteUri.TrimEnd('/')}"],
            .. Region is null ? Array.Empty<string>() : [$"region={Region}"],
        ];
        return $"{Scheme}{Bucket}/{path}{(query.Length == 0 ? "" : "?")}{string.Join('&', query)}";
    }

    private static (Uri? Endpoint, string? Region) ParseQuery(string query)
    {
        Uri? endpoint = null;
        string? region = null;
        foreach (string pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            string key = equals < 0 ? pair : pair[..equals];
            string value = equals < 0 ? "" : Uri.UnescapeDataString(pair[(equals + 1)..]);
            if (key == "endpoint") endpoint = ParseEndpoint(value);
            else if (key == "region")
                region = value.Length > 0 ? value : throw Refused("region= takes the name of a region");
            else throw Refused($"the URL takes endpoint=URL and region=NAME, not '{key}'");
        }

        return (endpoint, region);
    }

    private static Uri ParseEndpoint(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
            && url.UserInfo.Length == 0 && url.Query.Length == 0
            ? url
            : throw Refused("endpoint= takes an http or https URL without credentials");

    private static bool IsBucketName(string name) => name.Length is >= LeastBucketName and <= MostBucketName
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.');

    private static ArrowCidException Refused(string why) => new(ErrorCode.InvalidArgument, $"s3: {why}");
}
