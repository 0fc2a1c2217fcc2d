using ArrowCid.Columnar;
using ArrowCid.Flight.Protocol;
using ArrowCid.Flight.Service;
using ArrowCid.Ipc;
using ArrowCid.Registry;
using ArrowCid.Server.Grpc;
using Google.Protobuf;

namespace ArrowCid.Server.Service;

/// <summary>What can be had: GetFlightInfo, PollFlightInfo, GetSchema and ListFlights.</summary>
internal sealed class InfoCalls(CidStore store, FlightGate gate, BlockStreams streams)
{
    // A dataset of more batches is one endpoint: its infos would be longer than many clients take.
    private const int MostEndpoints = 256;
    private const int DefaultLimit = 1000;
    private const string LocationsHeader = "x-arrowcid-locations";

    /// <summary>Where the HTTP gateway is, once it is known; null where there is none.</summary>
    public Func<string?> Gateway { get; init; } = static () => null;

    /// <summary>Answers ListFlights.</summary>
    public async Task ListFlights(GrpcCall call, Criteria criteria)
    {
        Request request = FlightRequest.CriteriaOf(criteria.Expression.Span);
        await call.StartAsync().ConfigureAwait(false);
        int limit = request.Limit == 0 ? DefaultLimit : (int)Math.Min(request.Limit, int.MaxValue);
        foreach (StoredEntry entry in Newest(request, limit))
        {
            // It may be gone since it was listed, and so may a batch of a dataset.
            if (InfoOf(entry) is { } info) await call.Writer.WriteAsync(info, call.Cancel).ConfigureAwait(false);
        }
    }

    private List<StoredEntry> Newest(Request request, int limit)
    {
        IEnumerable<StoredEntry> entries = FlightRequest.FilterOf(request) is { } filter
            ? store.Query(filter)
            : store.Query();
        var newest = new PriorityQueue<StoredEntry, DateTimeOffset>();
        foreach (StoredEntry entry in entries.Where(entry => entry.Kind is BlockKind.Batch or BlockKind.Dataset))
        {
            newest.Enqueue(entry, entry.Created ?? default);
            if (newest.Count > limit) newest.Dequeue();
        }

        var sorted = new List<StoredEntry>(newest.Count);
        while (newest.TryDequeue(out StoredEntry? entry, out _)) sorted.Add(entry);
        sorted.Reverse();
        return sorted;
    }

    private FlightInfo? InfoOf(StoredEntry entry)
    {
        try
        {
            var block = new BlockAddress
            {
                Cid = entry.Cid,
                SchemaCid = entry.SchemaCid ?? default,
                Rows = entry.Rows,
                ByteLength = entry.ByteLength,
            };
            string cid = entry.Cid.ToString();
            bool isDataset = entry.Kind == BlockKind.Dataset;
            using BlockStream? dataset = isDataset ? streams.Find(new Request { Cids = { cid } }) : null;
            bool isPerBatch = dataset?.Blocks.Count <= MostEndpoints;
            return new FlightInfo
            {
                Schema = Bytes(dataset?.Schema ?? streams.SchemaOf(in block)),
                FlightDescriptor = new FlightDescriptor
                {
                    Type = FlightDescriptor.Types.DescriptorType.Path,
                    Path = { cid },
                },
                Endpoint =
                {
                    isPerBatch
                        ? dataset!.Blocks.Select(each => EndpointOf(ByteString.CopyFromUtf8(each.Cid.ToString())))
                        : [EndpointOf(ByteString.CopyFromUtf8(cid))],
                },
                TotalRecords = entry.Rows,
                TotalBytes = dataset?.ByteLength ?? entry.ByteLength,
                Ordered = true,
                AppMetadata = ByteString.CopyFrom(JsonObject.Bytes(writer => EntryJson.Write(writer, entry))),
            };
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.BlockNotFound or ErrorCode.InvalidData
            or ErrorCode.SchemaMismatch)
        {
            return null;
        }
    }

    /// <summary>Answers GetFlightInfo.</summary>
    public FlightInfo Describe(GrpcCall call, FlightDescriptor descriptor)
    {
        Request request = FlightRequest.Of(descriptor);
        gate.Require(call, GetCalls.NeedOf(request), nameof(FlightService.FlightServiceBase.GetFlightInfo));
        if (request.Watch) return Endless(descriptor, request, WatchStream.SchemaOf(request));
        if (request.Catalog) return Endless(descriptor, request, CatalogTable.Schema);
        if (request.Audit is not null) return Endless(descriptor, request, AuditTable.Schema);
        using BlockStream stream = streams.Find(request);
        var info = new FlightInfo
        {
            Schema = Bytes(stream.Schema),
            FlightDescriptor = descriptor,
            TotalRecords = request.Rows == 0 && request.FirstRow == 0 ? stream.Rows : -1,
            TotalBytes = stream.ByteLength,
            Ordered = true,
        };
        bool isWhole = request is { Columns.Count: 0, FirstRow: 0, Rows: 0, MaxMessageBytes: 0 };
        if (isWhole && stream.Blocks.Count <= MostEndpoints)
        {
            string wish = call.Header(LocationsHeader) ?? "";
            foreach (BlockAddress block in stream.Blocks)
                info.Endpoint.Add(Located(EndpointOf(ByteString.CopyFromUtf8(block.Cid.ToString())), block.Cid, wish));
        }
        else
        {
            info.Endpoint.Add(EndpointOf(TicketOf(request)));
        }

        return info;
    }

    private static FlightInfo Endless(FlightDescriptor descriptor, Request request, Schema schema) => new()
    {
        Schema = Bytes(schema),
        FlightDescriptor = descriptor,
        Endpoint = { EndpointOf(TicketOf(request)) },
        TotalRecords = -1,
        TotalBytes = -1,
    };

    /// <summary>Adds where else a batch can be had, for clients that ask: drivers dial all they are given.</summary>
    private FlightEndpoint Located(FlightEndpoint endpoint, Cid cid, string wish)
    {
        string[] kinds = wish.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (kinds.Length == 0) return endpoint;
        endpoint.Location.Add(new Location { Uri = "arrow-flight-reuse-connection://?" });
        if (kinds.Contains("http") && Gateway() is { } gateway)
            endpoint.Location.Add(new Location { Uri = $"{gateway}/ipfs/{cid}?format=raw" });
        if (kinds.Contains("shm")) endpoint.AppMetadata = ByteString.CopyFromUtf8(StorePlace.TextOf(store));
        return endpoint;
    }

    private static FlightEndpoint EndpointOf(ByteString ticket) => new() { Ticket = new Ticket { Ticket_ = ticket } };

    private static ByteString TicketOf(Request request) =>
        ByteString.CopyFromUtf8(JsonFormatter.Default.Format(request));

    private static ByteString Bytes(Schema schema) => ByteString.CopyFrom(CanonicalSchema.Of(schema).Message);
}
