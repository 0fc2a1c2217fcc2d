using ArrowCid.Transfer.Backends;

namespace ArrowCid.Server.Pinning;

/// <summary>Opens the sources of a request to pin.</summary>
internal static class PinSources
{
    // A block of the IPFS network is smaller, and one of a dataset may be as large.
    private const int MostBlockBytes = 1 << 30;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>Opens the sources of a request: the store first, then those of the options.</summary>
    /// <returns>The sources as one, to be disposed of.</returns>
    /// <exception cref="ArrowCidException">A source cannot be opened.</exception>
    public static BlockBackend Open(CidStore store, PinRequest request, PinningOptions options)
    {
        var sources = new List<BlockBackend> { store.Transfer.AsBackend() };
        var gateways = new List<BlockBackend>();
        try
        {
            foreach (string source in options.Sources)
            {
                foreach (BlockBackend opened in OpenOne(store, request, source))
                {
                    if (opened is not GatewayBackend) EndGateways();
                    (opened is GatewayBackend ? gateways : sources).Add(opened);
                }
            }

            EndGateways();
            return new LimitedBackend(BlockBackend.Several(sources), options.MaxBlocks, options.MaxBytes);
        }
        catch
        {
            foreach (BlockBackend opened in sources.Concat(gateways)) opened.Dispose();
            throw;
        }

        void EndGateways()
        {
            if (gateways.Count == 0) return;
            sources.Add(BlockBackend.Hedged(gateways));
            gateways = [];
        }
    }

    /// <summary>Refuses sources that cannot be opened, before a request needs them.</summary>
    /// <exception cref="ArrowCidException">A source is neither a place nor a location.</exception>
    public static void Check(CidStore store, PinningOptions options)
    {
        PinRequest request = new() { Id = "", CidText = "", Root = default, Created = 0 };
        foreach (string source in options.Sources)
        {
            foreach (BlockBackend opened in OpenOne(store, request, source)) opened.Dispose();
        }
    }

    private static IEnumerable<BlockBackend> OpenOne(CidStore store, PinRequest request, string source)
    {
        switch (source)
        {
            case PinningOptions.PlacesSource: return [store.Places.AsBackend()];
            case PinningOptions.OriginsSource: return Origins(request, isPublic: true);
            case PinningOptions.AnyOriginsSource: return Origins(request, isPublic: false);
        }

        BlockPlace place = store.Places.Find(source) ?? new BlockPlace { Name = "source", Location = source };
        return [store.Places.Open(place, readOnly: true)];
    }

    private static IEnumerable<BlockBackend> Origins(PinRequest request, bool isPublic)
    {
        foreach (string origin in request.Origins)
        {
            Uri? url = null;
            try
            {
                url = MultiaddrUrl.Of(Multiaddr.Parse(origin));
            }
            catch (ArrowCidException)
            {
                // An address of another protocol, which is not spoken here.
            }

            if (url is null) continue;
            yield return new GatewayBackend(url, s_patience, MostBlockBytes,
                handler: isPublic ? PublicAddresses.NewHandler() : null);
        }
    }
}
