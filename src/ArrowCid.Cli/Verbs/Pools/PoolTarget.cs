using System.CommandLine;
using ArrowCid.Postgres;
using ArrowCid.S3;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Cli.Verbs;

/// <summary>The options that say which pool a verb is about.</summary>
internal sealed class PoolTarget
{
    private const string RegistryVariable = "ARROWCID_REGISTRY", BlocksVariable = "ARROWCID_BLOCKS";

    private readonly Option<string?> _registry = new("--registry")
    {
        HelpName = "URL",
        Description = "The pool's database, postgres://USER@HOST/DATABASE. The password comes from PGPASSWORD or " +
            $"~/.pgpass. Default: ${RegistryVariable}.",
    };

    private readonly Option<string?> _blocks = new("--blocks")
    {
        HelpName = "LOCATION",
        Description = "The pool's blocks, s3://BUCKET/FOLDER or a directory that all machines share. Default: " +
            $"${BlocksVariable}.",
    };

    /// <summary>A verb with these options.</summary>
    public PoolTarget(Command verb)
    {
        verb.Add(_registry);
        verb.Add(_blocks);
    }

    /// <summary>The settings of a command line.</summary>
    public PoolOptions Read(ParseResult parsed)
    {
        (string registry, string blocks) = ReadBoth(parsed);
        return OptionsOf(registry, blocks);
    }

    /// <summary>The locations of a command line.</summary>
    public (string Registry, string Blocks) ReadBoth(ParseResult parsed) =>
        (Find(parsed.GetValue(_registry), RegistryVariable, "--registry"),
            Find(parsed.GetValue(_blocks), BlocksVariable, "--blocks"));

    /// <summary>The settings of a pool.</summary>
    public static PoolOptions OptionsOf(string registry, string blocks) =>
        new() { Registry = registry, Blocks = OpenObjects(blocks) };

    /// <summary>Whether a location is a pool.</summary>
    public static bool Matches(string text) => PoolAddress.Matches(text);

    /// <summary>Opens a pool as a place.</summary>
    /// <param name="text">The URL of its database, with <c>blocks=LOCATION</c>.</param>
    public static BlockBackend OpenPlace(string text) => PoolAddress.Parse(text).Blocks is { } blocks
        ? Pool.OpenPlace(text, OpenObjects(blocks))
        : throw new ArrowCidException(ErrorCode.InvalidArgument,
            "postgres: the URL of a pool as a place takes blocks=LOCATION");

    /// <summary>Makes a pool a place of a store, so that reads of blocks that are not there find them.</summary>
    public static void AddPlace(CidStore store, string registry, string blocks)
    {
        const int Cost = 20;
        string location = PoolAddress.WithBlocks(registry, S3Files.Matches(blocks) ? blocks : Path.GetFullPath(blocks));
        if (store.Places.Find(PoolMember.Place) is not null) return;
        store.Places.Add(new BlockPlace { Name = PoolMember.Place, Location = location, Cost = Cost });
    }

    private static ObjectStore OpenObjects(string blocks) =>
        S3Files.Matches(blocks) ? S3Blocks.OpenObjects(blocks) : ObjectStore.Folder(blocks);

    private static string Find(string? given, string variable, string option) =>
        given ?? (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } set ? set
            : throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"no pool is named; give {option}, or set {variable}"));
}
