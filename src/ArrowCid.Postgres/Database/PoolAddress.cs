using Npgsql;

namespace ArrowCid.Postgres;

/// <summary>The URL of a pool's database.</summary>
/// <param name="Connection">The parameters of connections.</param>
/// <param name="Schema">The schema of the tables.</param>
/// <param name="Name">The URL for people.</param>
/// <param name="Blocks">The location of the blocks, where the URL has it.</param>
internal sealed record PoolAddress(NpgsqlConnectionStringBuilder Connection, string Schema, string Name, string? Blocks)
{
    private const string DefaultSchema = "arrowcid";
    private const int DefaultPort = 5432, MostSchemaLength = 63;

    private static readonly string[] s_schemes = ["postgres://", "postgresql://"];

    /// <summary>Returns whether a text is meant as such a URL.</summary>
    public static bool Matches(string text) =>
        Array.Exists(s_schemes, scheme => text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase));

    /// <summary>Parses a URL.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it breaks the form.</exception>
    public static PoolAddress Parse(string text)
    {
        string scheme = Array.Find(s_schemes, each => text.StartsWith(each, StringComparison.OrdinalIgnoreCase)) ??
            throw Refused("the URL does not begin with postgres://");
        string rest = text[scheme.Length..];
        int query = rest.IndexOf('?', StringComparison.Ordinal);
        string path = query < 0 ? rest : rest[..query];
        int at = path.LastIndexOf('@'), slash = path.IndexOf('/', at + 1);
        if (slash < 0 || slash == path.Length - 1) throw Refused("the URL names no database");
        string user = at < 0 ? "" : path[..at], hosts = path[(at + 1)..slash];
        if (user.Contains(':', StringComparison.Ordinal))
            throw Refused("the URL holds a password; it comes from PGPASSWORD or a password file");
        var connection = new NpgsqlConnectionStringBuilder
        {
            Host = string.Join(',', hosts.Split(',').Select(WithPort)),
            Database = Uri.UnescapeDataString(path[(slash + 1)..]),
            ApplicationName = "arrowcid",
            Timeout = 5,
            CommandTimeout = 30,
            KeepAlive = 10,
            MaxPoolSize = 32,
        };
        if (user.Length > 0) connection.Username = Uri.UnescapeDataString(user);
        string schema = DefaultSchema;
        string? blocks = null;
        string settings = query < 0 ? "" : rest[(query + 1)..];
        foreach (string pair in settings.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            string key = equals < 0 ? pair : pair[..equals];
            string value = equals < 0 ? "" : Uri.UnescapeDataString(pair[(equals + 1)..]);
            if (key == "schema" && IsSchema(value)) schema = value;
            else if (key == "sslmode" && Enum.TryParse(value.Replace("-", "", StringComparison.Ordinal), true,
                out SslMode mode)) connection.SslMode = mode;
            else if (key == "blocks" && value.Length > 0) blocks = value;
            else if (key == "host" && value.StartsWith('/')) connection.Host = value;
            else
            {
                throw Refused("the URL takes schema=NAME, sslmode=MODE, blocks=LOCATION and host=/DIRECTORY, not " +
                    $"'{key}'");
            }
        }

        connection.SearchPath = schema;
        return new PoolAddress(connection, schema, $"postgres://{hosts}/{connection.Database}",
            blocks);
    }

    /// <summary>A URL with the location of the blocks.</summary>
    public static string WithBlocks(string registry, string blocks)
    {
        char joint = registry.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        return $"{registry}{joint}blocks={Uri.EscapeDataString(blocks)}";
    }

    private static string WithPort(string host)
    {
        if (host.Length == 0) return $"localhost:{DefaultPort}";
        return host.Contains(':', StringComparison.Ordinal) ? host : $"{host}:{DefaultPort}";
    }

    private static bool IsSchema(string text) => text.Length is > 0 and <= MostSchemaLength
        && (char.IsAsciiLetterLower(text[0]) || text[0] == '_')
        && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_');

    private static ArrowCidException Refused(string why) => new(ErrorCode.InvalidArgument, $"postgres: {why}");
}
