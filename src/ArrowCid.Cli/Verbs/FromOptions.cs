using System.CommandLine;
using ArrowCid.Exchange.Backends;

namespace ArrowCid.Cli.Verbs;

/// <summary>Where blocks are fetched from, instead of the store alone.</summary>
internal sealed class FromOptions
{
    // What every store has, and nothing else.
    private const string StoreFile = "ctl.v1";

    private readonly Option<string[]> _from = new("--from")
    {
        HelpName = "PLACE",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        Description = "Fetch from a store's directory, a directory of files CID.arrows, or an IPFS gateway " +
            "(http://…) instead; several are asked in turn.",
    };

    private readonly Option<bool> _fill = new("--fill")
    {
        Description = "With --from: ask the store first, and keep in it what came from elsewhere.",
    };

    public void AddTo(Command verb)
    {
        verb.Add(_from);
        verb.Add(_fill);
        verb.Validators.Add(result =>
        {
            if (result.GetValue(_fill) && result.GetValue(_from) is not { Length: > 0 })
                result.AddError("--fill goes with --from.");
        });
    }

    /// <summary>The places; null where none is said.</summary>
    public FetchPlaces? Open(ParseResult parsed, string? directory) =>
        parsed.GetValue(_from) is { Length: > 0 } places
            ? FetchPlaces.Open(places, parsed.GetValue(_fill), directory)
            : null;

    /// <summary>Places that are open, and the stores among them.</summary>
    internal sealed class FetchPlaces : IDisposable
    {
        private readonly List<CidStore> _stores = [];
        private BlockBackend? _backend;

        /// <summary>Where they are, for people.</summary>
        public string Name => _backend!.Name;

        /// <summary>A block that must be at one of them.</summary>
        /// <param name="text">Its CID; names are a store's own.</param>
        public BackendBlock Get(string text)
        {
            var cid = Cid.Parse(text);
            return _backend!.TryGet(cid) ??
                throw new ArrowCidException(ErrorCode.BlockNotFound, $"no block {cid} at {_backend.Name}");
        }

        public static FetchPlaces Open(string[] texts, bool fill, string? directory)
        {
            var places = new FetchPlaces();
            try
            {
                var backends = new List<BlockBackend>();
                if (fill) backends.Add(places.Store(CidStore.Open(directory)));
                foreach (string text in texts) backends.Add(places.PlaceOf(text));
                places._backend = BlockBackend.Several(backends, fill);
                return places;
            }
            catch
            {
                places.Dispose();
                throw;
            }
        }

        public void Dispose()
        {
            _backend?.Dispose();
            foreach (CidStore store in _stores) store.Dispose();
        }

        private BlockBackend PlaceOf(string text)
        {
            if (text.Contains("://", StringComparison.Ordinal))
            {
                return Uri.TryCreate(text, UriKind.Absolute, out Uri? url)
                    ? BlockBackend.Gateway(url)
                    : throw new ArrowCidException(ErrorCode.InvalidArgument, $"--from {text} is no URL");
            }

            if (!Directory.Exists(text))
                throw new ArrowCidException(ErrorCode.Io, $"no directory {text}; --from takes one, or http://…");
            return File.Exists(Path.Combine(text, StoreFile))
                ? Store(StoreReading.Open(text))
                : BlockBackend.Folder(text);
        }

        private BlockBackend Store(CidStore store)
        {
            _stores.Add(store);
            return store.AsBackend();
        }
    }
}
