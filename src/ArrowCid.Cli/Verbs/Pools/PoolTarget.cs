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
    public PoolOptions Read(ParseResult parsed) => OptionsOf(
        Find(parsed.GetValue(_registry), RegistryVariable, "--registry"),
        Find(parsed.GetValue(_blocks), BlocksVariable, "--blocks"));

    /// <summary>The settings of a pool.</summary>
    public static PoolOptions OptionsOf(string registry, string blocks) => new()
    {
        Registry = registry,
        Blocks = S3Files.Matches(blocks) ? S3Blocks.OpenObjects(blocks) : ObjectStore.Folder(blocks),
    };

    private static string Find(string? given, string variable, string option) =>
        given ?? (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } set ? set
            : throw new ArrowCidException(ErrorCode.InvalidArgument, $"no pool is named; give {option}, or set {variable}"));
}
