using System.CommandLine;

namespace ArrowCid.Cli.Verbs;

/// <summary>Where blocks may come from beside the store: <c>--from</c>, else what <see cref="Variable"/>
/// says.</summary>
internal sealed class FromOptions
{
    /// <summary>The setting, for every verb that has the option but <c>verify</c>, which proves one place.</summary>
    public const string Variable = "ARROWCID_FROM";

    private const string Flag = "--from";

    private readonly Option<string[]> _from = new(Flag)
    {
        HelpName = "SOURCE",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        Description = "A source of blocks that the store lacks: a store's directory, a directory of files " +
            "CID.arrows, an IPFS gateway (http://…), a bucket (s3://BUCKET/FOLDER) or the name of a place " +
            "('arrowcid place'). Several sources are asked in " +
            "turn, of gateways that follow one another any may answer, and every block is hashed. " +
            $"Default: ${Variable}, separated by commas.",
    };

    private readonly Option<bool> _fill = new("--fill")
    {
        Description = "Blocks that come from elsewhere are also stored. A cache ('maintain --cache') stores them " +
            "without it.",
    };

    private readonly Option<bool> _noCache = new("--no-cache")
    {
        Description = "Blocks that come from elsewhere are not stored, although the store is a cache.",
    };

    private bool _mayFill;

    private readonly Option<bool> _noLocations = new("--no-locations")
    {
        Description = "The locations that are recorded for a block ('put --location') are not followed.",
    };

    /// <summary>The places that the setting says.</summary>
    public static IReadOnlyList<string> Said => (Environment.GetEnvironmentVariable(Variable) ?? "")
        .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Adds them to a verb that writes what a block is, or <c>--from</c> alone to one that puts.</summary>
    public void AddTo(Command verb, bool withFill = true)
    {
        verb.Add(_from);
        verb.Add(_noLocations);
        _mayFill = withFill;
        if (!withFill) return;
        verb.Add(_fill);
        verb.Add(_noCache);
    }

    /// <summary>The store and the given additional sources.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="directory">The store's directory; it must be there where there is no other place.</param>
    /// <param name="verify">What is believed of the store's batches.</param>
    public BlockPlaces Open(ParseResult parsed, string? directory, VerifyMode verify = VerifyMode.Trusted)
    {
        (string from, IReadOnlyList<string> texts) = Texts(parsed);
        bool fill = parsed.GetValue(_fill) || (_mayFill && !parsed.GetValue(_noCache) && IsCache(directory));
        if (fill && texts.Count == 0) ThrowIfNoPlaces(directory);
        CidStore? store = fill
            ? CidStore.Open(directory, new CidStoreOptions { Verify = verify, OpenPlace = Locations.Open })
            : texts.Count == 0 ? StoreReading.Open(directory, verify)
            : StoreReading.TryOpen(directory, verify);
        return BlockPlaces.Open(store, texts, from, fill, followsLocations: !parsed.GetValue(_noLocations));
    }

    /// <summary>The sources in addition to an open store; null if none are given.</summary>
    public BlockPlaces? Open(ParseResult parsed, CidStore store)
    {
        (string from, IReadOnlyList<string> texts) = Texts(parsed);
        return texts.Count == 0 ? null : BlockPlaces.Open(store, texts, from, fill: false);
    }

    /// <summary>Whether the flag names a place.</summary>
    public bool IsSaid(ParseResult parsed) => parsed.GetValue(_from) is { Length: > 0 };

    /// <summary>The places that the flag names, without the store, together; else those of the setting, and those of
    /// the store's table.</summary>
    /// <exception cref="ArrowCidException">There are none.</exception>
    public BlockPlaces OpenOthers(ParseResult parsed, CidStore? store = null)
    {
        (string from, IReadOnlyList<string> texts) = Texts(parsed);
        return texts.Count > 0 || store?.Places.List().Count > 0
            ? BlockPlaces.Open(null, texts, from, fill: false, store)
            : throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"name a source of the right bytes: {Flag} SOURCE, or ${Variable}");
    }

    /// <summary>The places that the flag names, each by itself.</summary>
    /// <returns>Each place with its text, to be disposed of.</returns>
    public IEnumerable<(string Text, BlockPlaces Place)> OpenEach(ParseResult parsed, CidStore? table) =>
        parsed.GetValue(_from)!.Select(text => (text, BlockPlaces.Open(null, [text], Flag, fill: false, table)));

    /// <summary>Opens what the setting says, and lets go of it.</summary>
    /// <exception cref="ArrowCidException">It names a place that is none.</exception>
    public static void Check()
    {
        if (Said.Count > 0) BlockPlaces.Open(null, Said, Variable, fill: false).Dispose();
    }

    /// <summary>Whether there is a store that is a cache, and that this process may write to.</summary>
    private static bool IsCache(string? directory)
    {
        using CidStore? store = StoreReading.TryOpen(directory);
        if (store is null || store.Places.Cache.GetSettings() is null || store.Places.List().Count == 0) return false;
        try
        {
            CidStore.Open(directory, new CidStoreOptions { CreateIfMissing = false }).Dispose();
            return true;
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.AccessDenied or ErrorCode.Io)
        {
            return false;
        }
    }

    private static void ThrowIfNoPlaces(string? directory)
    {
        using CidStore? store = StoreReading.TryOpen(directory);
        if (store?.Places.List().Count > 0) return;
        throw new ArrowCidException(ErrorCode.InvalidArgument,
            $"--fill needs a source: {Flag} SOURCE, or a place ('arrowcid place add')");
    }

    private (string From, IReadOnlyList<string> Texts) Texts(ParseResult parsed) =>
        parsed.GetValue(_from) is { Length: > 0 } flag ? (Flag, flag) : (Variable, Said);
}
