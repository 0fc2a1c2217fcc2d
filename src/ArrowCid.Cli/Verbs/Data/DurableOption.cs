using System.CommandLine;
using System.CommandLine.Parsing;

namespace ArrowCid.Cli.Verbs;

/// <summary>The places where blocks must be before a put returns.</summary>
internal sealed class DurableOption
{
    private readonly Option<string?> _durable = new("--durable")
    {
        HelpName = "PLACE",
        Description = "The name of a place ('arrowcid place') where the blocks must be before the command ends: " +
            "their bytes under a checked digest, and recorded. A name is given only then. If the place fails, the " +
            "blocks stay in the store.",
    };

    public void AddTo(Command verb)
    {
        verb.Add(_durable);
        verb.Validators.Add(result =>
        {
            bool isTogether = result.GetResult("--all-or-nothing") is OptionResult { Implicit: false };
            if (isTogether && result.GetValue(_durable) is not null)
                result.AddError("--durable names after the copy, and --all-or-nothing before; give one of them.");
        });
    }

    /// <summary>Opens the store with places, and refuses a place that is not in its table before anything is
    /// put.</summary>
    public CidStore Open(ParseResult parsed, string? directory)
    {
        var store = CidStore.Open(directory, new CidStoreOptions { OpenPlace = Locations.Open });
        try
        {
            if (parsed.GetValue(_durable) is not { } name || store.Places.Find(name) is { IsDurable: true })
                return store;
            throw store.Places.Find(name) is null
                ? new ArrowCidException(ErrorCode.NameNotFound, $"there is no place '{name}'")
                : new ArrowCidException(ErrorCode.InvalidArgument, $"a copy at '{name}', a gateway, does not count");
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>Whether blocks are copied before the command ends.</summary>
    public bool IsAsked(ParseResult parsed, CidStore store) =>
        parsed.GetValue(_durable) is not null ||
        store.Places.List().Any(place => place.Write == PlaceWrite.Through);

    /// <summary>Copies blocks to the place that is given, and to those that take puts before they return.</summary>
    public void Copy(ParseResult parsed, CidStore store, IReadOnlyList<Cid> cids)
    {
        if (cids.Count == 0) return;
        string? given = parsed.GetValue(_durable);
        foreach (BlockPlace place in store.Places.List()
            .Where(place => place.Name == given || place.Write == PlaceWrite.Through))
        {
            using var progress = new Progress($"bytes copied to {CommandError.Visible(place.Name)}");
            _ = store.Places.Copy(cids, place.Name, progress: progress);
            progress.Clear();
        }
    }
}
