using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using ArrowCid.Cli.Verbs;
using ArrowCid.Registry;
using ArrowCid.Server;
using ArrowCid.Server.Access;

namespace ArrowCid.Cli.Serve;

/// <summary>The value of each setting and its source: flags override variables, and these override the file.</summary>
internal sealed class ServeSettings
{
    /// <summary>The file that is read where it is there.</summary>
    public const string FileName = "arrowcid.json";

    private const string Section = "serve", ByDefault = "default", None = "none", Off = "off", Unix = "unix:";

    private readonly Dictionary<string, (string? Value, string From)> _values = new(StringComparer.Ordinal);

    private ServeSettings()
    {
    }

    /// <summary>The settings with their values and where these come from.</summary>
    public IEnumerable<(ServeSetting Setting, string? Value, string From)> Explained =>
        ServeSetting.All.Select(setting => (setting, _values[setting.Name].Value, _values[setting.Name].From));

    /// <summary>Gathers the settings.</summary>
    /// <param name="flags">What the command line says; null where it says nothing.</param>
    /// <param name="file">The file; null for <see cref="FileName"/>, where it is there.</param>
    /// <exception cref="ArrowCidException">The file cannot be read, or names a setting that there is not.</exception>
    public static ServeSettings Read(Func<ServeSetting, string?> flags, string? file)
    {
        Dictionary<string, string> members = ReadFile(file);
        var settings = new ServeSettings();
        foreach (ServeSetting setting in ServeSetting.All)
        {
            string? variable = Environment.GetEnvironmentVariable(setting.Variable);
            settings._values[setting.Name] = flags(setting) is { } flag ? (flag, setting.Flag)
                : variable is { Length: > 0 } ? (variable, setting.Variable)
                : members.TryGetValue(setting.Name, out string? member) ? (member, file ?? FileName)
                : (setting.Default, ByDefault);
        }

        return settings;
    }

    /// <summary>The settings as the server takes them.</summary>
    /// <exception cref="ArrowCidException">A value is wrong; the message names it and its source.</exception>
    public CidServerOptions ToOptions() => new()
    {
        Flight = Address("flight"),
        Http = Address("http"),
        AnonymousRead = One("anonymous-read", ("never", AnonymousRead.Never), ("loopback", AnonymousRead.Loopback),
            ("always", AnonymousRead.Always)),
        Role = Role(),
        AllowAnonymousPut = Switch("allow-anonymous-put"),
        TokenFile = Text("token-file"),
        SigningKeys = Text("signing-keys"),
        Audience = Text("audience"),
        Certificate = Text("tls-cert"),
        CertificateKey = Text("tls-key"),
        ClientAuthority = Text("tls-client-ca"),
        RequireClientCertificate = Switch("tls-require-client"),
        AllowInsecure = Switch("allow-insecure"),
        Hosts = Several("hosts"),
        Origins = Several("origins"),
        GrpcWeb = Switch("grpc-web"),
        CallsPerSecond = (int)Number("rate", int.MaxValue),
        StreamsPerClient = (int)Number("streams", int.MaxValue),
        MaxRequestBytes = Number("max-request-bytes", long.MaxValue),
        MaxBufferedBytes = Number("max-buffered-bytes", long.MaxValue),
        UnreadTimeout = Span("unread-timeout"),
        PublicUrl = Url("public-url"),
        Pinning = Pinning(),
        Otlp = Url("otlp"),
        Settings = [.. Explained.Select(each =>
            new ServerSetting(each.Setting.Name, each.Value, each.From, each.Setting.Help))],
        Log = One("log", ("auto", Console.IsErrorRedirected ? ServerLog.Json : ServerLog.Text),
            ("text", ServerLog.Text), ("json", ServerLog.Json), (None, ServerLog.None)),
    };

    /// <summary>How the store is looked after; null: not.</summary>
    /// <exception cref="ArrowCidException">The value is wrong.</exception>
    public TimeSpan? Maintenance() => Span("maintenance");

    private PinningOptions? Pinning() => Switch("pinning") ? new PinningOptions
    {
        Sources = Several("pinning-from"),
        MaxBytes = Number("pinning-limit", long.MaxValue),
        Patience = Span("pinning-patience") ?? TimeSpan.MaxValue,
    } : null;

    /// <summary>What the server does with its store.</summary>
    /// <exception cref="ArrowCidException">The value is wrong.</exception>
    public ServerRole Role() => One("role", ("full", ServerRole.Full), ("cache", ServerRole.Cache),
        ("reader", ServerRole.Reader));

    /// <summary>Whether a size of the cache is given, and the size; null for off.</summary>
    /// <exception cref="ArrowCidException">A value is wrong.</exception>
    public (bool IsGiven, long? Bytes, CachePolicyKind Policy) Cache()
    {
        CachePolicyKind policy = One("cache-policy", CacheOptions.Policies);
        if (Text("cache") is not { } text) return (false, null, policy);
        if (Role() == ServerRole.Reader) throw Wrong("cache", "is not for the role reader, which changes nothing");
        if (text == "off") return (true, null, policy);
        return Filter.TryParseSize(CacheOptions.FullSize(text), out long bytes) && bytes > 0
            ? (true, bytes, policy)
            : throw Wrong("cache", "is a number of bytes such as 64GiB or 512M, or off");
    }

    /// <summary>The database and the blocks of the pool that the store joins; null for none.</summary>
    /// <exception cref="ArrowCidException">Only one of them is given, or the role changes nothing.</exception>
    public (string Registry, string Blocks)? Pool()
    {
        (string? registry, string? blocks) = (Text("registry"), Text("blocks"));
        if (registry is null && blocks is null) return null;
        if (Role() == ServerRole.Reader) throw Wrong("registry", "is not for the role reader, which changes nothing");
        if (registry is null || !PoolTarget.Matches(registry))
            throw Wrong("registry", "is the URL of a database, postgres://USER@HOST/DATABASE");
        return blocks is null
            ? throw Wrong("blocks", "is where the blocks of the pool are, s3://BUCKET/FOLDER or a shared directory")
            : (registry, blocks);
    }

    /// <summary>Whether blocks that are not stored here are read from places.</summary>
    public bool ReadsPlaces => Switch("places");

    /// <summary>Whether blocks are copied to the places that take them all.</summary>
    public bool WritesBack => Text("write") != Off;

    /// <summary>When a put counts as copied; null where each place says so.</summary>
    /// <exception cref="ArrowCidException">The value is wrong.</exception>
    public PlaceWrite? Write => One<PlaceWrite?>("write", ("auto", null), ("back", PlaceWrite.Back),
        ("through", PlaceWrite.Through), (Off, PlaceWrite.None));

    /// <summary>The bytes over which puts are refused; null for no limit.</summary>
    /// <exception cref="ArrowCidException">The value is wrong.</exception>
    public long? MaxBacklog
    {
        get
        {
            if (Text("max-backlog") == Off) return null;
            return Filter.TryParseSize(Text("max-backlog") ?? "", out long bytes)
                ? bytes
                : throw Wrong("max-backlog", "is a size such as 10GiB, or off");
        }
    }

    /// <summary>The stores that are followed, and how.</summary>
    /// <exception cref="ArrowCidException">A value is wrong.</exception>
    public (IReadOnlyList<string> From, Filter? Filter, TimeSpan Every) Follow()
    {
        Filter? filter = null;
        if (Text("follow-where") is { } text && !Filter.TryParse(text, out filter))
            throw Wrong("follow-where", "is a filter such as tag.day = \"2026-11-20\"");
        string[] from = Text("follow") is null ? [] : [.. Several("follow")];
        if (from.Length > 0 && Role() == ServerRole.Reader)
            throw Wrong("follow", "is not for the role reader, which changes nothing");
        return (from, filter, Span("follow-every") ?? Follower.Usual);
    }

    /// <summary>Returns a span of time; null for off.</summary>
    private TimeSpan? Span(string name)
    {
        // A timer waits no longer.
        const int MostDays = 49;
        if (Text(name) == Off) return null;
        return Filter.TryParseSpan(Text(name), out TimeSpan span) && span > TimeSpan.Zero && span.TotalDays < MostDays
            ? span
            : throw Wrong(name, "is a span of time such as 30s or 5m, less than 49 days, or off");
    }

    private string? Text(string name) => _values[name].Value is { Length: > 0 } text ? text : null;

    private string[] Several(string name) =>
        Text(name)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    private bool Switch(string name) => One(name, ("true", true), ("false", false));

    private T One<T>(string name, params (string Text, T Value)[] choices)
    {
        foreach ((string text, T value) in choices)
        {
            if (Text(name) == text) return value;
        }

        throw Wrong(name, $"is one of {string.Join(", ", choices.Select(choice => choice.Text))}");
    }

    private long Number(string name, long most) =>
        long.TryParse(Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number <= most
            ? number
            : throw Wrong(name, "is a whole number from 0");

    private EndPoint? Address(string name)
    {
        string text = Text(name) ?? None;
        if (text == None) return null;
        if (text.StartsWith(Unix, StringComparison.Ordinal)) return SocketFile(name, text[Unix.Length..]);
        if (text.StartsWith("localhost:", StringComparison.Ordinal)) text = "127.0.0.1" + text["localhost".Length..];
        return IPEndPoint.TryParse(text, out IPEndPoint? address) && text.Contains(':', StringComparison.Ordinal)
            ? address
            : throw Wrong(name, "is an address such as 127.0.0.1:8815 or [::1]:0, unix:PATH, or none");
    }

    private UnixDomainSocketEndPoint SocketFile(string name, string path)
    {
        try
        {
            return new UnixDomainSocketEndPoint(Path.GetFullPath(path));
        }
        catch (ArgumentException e)
        {
            throw Wrong(name, $"is unix: and a path that a socket can have ({e.Message})");
        }
    }

    private Uri? Url(string name)
    {
        if (Text(name) is not { } text) return null;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
            ? url
            : throw Wrong(name, "is a URL such as https://data.example");
    }

    private ArrowCidException Wrong(string name, string rule) => new(ErrorCode.InvalidArgument,
        $"{name} {rule}, not '{_values[name].Value}' ({_values[name].From})");

    private static Dictionary<string, string> ReadFile(string? file)
    {
        var members = new Dictionary<string, string>(StringComparer.Ordinal);
        string path = file ?? FileName;
        if (file is null && !File.Exists(path)) return members;
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions
            {
                CommentHandling = JsonCommentHandling.Skip,
                AllowTrailingCommas = true,
            });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw Refused(path, "it is no JSON object");
            if (!document.RootElement.TryGetProperty(Section, out JsonElement section)) return members;
            if (section.ValueKind != JsonValueKind.Object) throw Refused(path, $"'{Section}' is no JSON object");
            foreach (JsonProperty member in section.EnumerateObject())
            {
                if (ServeSetting.All.All(setting => setting.Name != member.Name))
                    throw Refused(path, $"there is no setting '{member.Name}' ('serve --check' lists them)");
                members[member.Name] = TextOf(member.Value);
            }

            return members;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw Refused(path, e.Message);
        }
    }

    private static string TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Array => string.Join(',', value.EnumerateArray().Select(TextOf)),
        JsonValueKind.Null => "",
        _ => value.GetRawText(),
    };

    private static ArrowCidException Refused(string path, string why) =>
        new(ErrorCode.InvalidArgument, $"{path}: {why}");
}
