using ArrowCid.Columnar;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.Flight.Service;
using ArrowCid.Ipc;
using ArrowCid.Registry;
using ArrowCid.Server.Access;
using ArrowCid.Server.Grpc;
using ArrowCid.Storage;

namespace ArrowCid.Server.Service;

/// <summary>DoGet: batches by CID or name, the watch and the catalog.</summary>
internal sealed class GetCalls(CidStore store, FlightGate gate, BlockStreams streams, WatchStream watch)
{
    private const int CatalogRows = 1 << 14;

    // What these clients take unless they are told otherwise.
    private const int SmallLimit = 4 << 20;

    private static readonly string[] s_smallClients = ["grpc-node-js/", "grpc-go/", "tonic/", "grpc-dotnet/"];

    /// <summary>What a request needs.</summary>
    public static AccessNeed NeedOf(Request request) =>
        request.Audit is not null ? AccessRules.NeedOf(AccessOperation.ReadAudit)
            : request.Watch || request.Catalog
            ? AccessRules.NeedOf(AccessOperation.List)
            : AccessRules.NeedOf(AccessOperation.FetchBlock, isByName: request.Name.Length > 0);

    /// <summary>Answers DoGet.</summary>
    public async Task DoGet(GrpcCall call, Ticket ticket)
    {
        Request request = FlightRequest.Of(ticket.Ticket_.Span);
        gate.Require(call, NeedOf(request), nameof(DoGet));
        BodyCompressor? compressor = CompressorOf(call, request);
        if (request.Watch && compressor is not null)
            throw new ArrowCidException(ErrorCode.InvalidArgument, "announcements are not compressed");
        var sender = new BatchSender(call.Writer, LimitOf(call, request))
        {
            Compressor = compressor,
            Memory = call.Memory,
        };
        if (request.Watch) await watch.Run(call, request, sender).ConfigureAwait(false);
        else if (request.Audit is { } audit) await SendAudit(call, audit, sender).ConfigureAwait(false);
        else if (request.Catalog) await SendCatalog(call, request, sender).ConfigureAwait(false);
        else await SendBlocks(call, request, sender).ConfigureAwait(false);
    }

    /// <summary>The most bytes of a message that the client takes: as it says, or as its kind is known for.</summary>
    private static int LimitOf(GrpcCall call, Request request)
    {
        if (request.MaxMessageBytes > 0) return Checked(request.MaxMessageBytes);
        if (call.Header(FlightNames.LimitHeader) is { } header)
        {
            return uint.TryParse(header, out uint limit)
                ? Checked(limit)
                : throw new ArrowCidException(ErrorCode.InvalidArgument,
                    $"{FlightNames.LimitHeader} is a number of bytes");
        }

        string agent = call.Header("user-agent") ?? "";
        return s_smallClients.Any(name => agent.Contains(name, StringComparison.Ordinal)) ? SmallLimit : 0;

        static int Checked(uint limit)
        {
            const int Least = 1 << 14;
            return limit == 0 || limit >= Least
                ? (int)Math.Min(limit, int.MaxValue)
                : throw new ArrowCidException(ErrorCode.InvalidArgument, $"messages take {Least} bytes at least");
        }
    }

    /// <summary>The compression that the ticket or, for all of a client's calls, a header asks for.</summary>
    private static BodyCompressor? CompressorOf(GrpcCall call, Request request)
    {
        bool isOfTicket = request.Compression.Length > 0;
        // A watch has nothing to compress, so that a header for all calls does not end it.
        string? name = isOfTicket ? request.Compression : request.Watch
            ? null : call.Header(FlightNames.CompressionHeader);
        return name switch
        {
            null or "" or "none" => null,
            "lz4" => new BodyCompressor(ArrowCompression.Lz4),
            "zstd" => new BodyCompressor(ArrowCompression.Zstd),
            _ => throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"{(isOfTicket ? "compression" : FlightNames.CompressionHeader)} is lz4, zstd or none"),
        };
    }

    /// <summary>Sends the registry as a table: one row per block, with its metadata.</summary>
    private async Task SendCatalog(GrpcCall call, Request request, BatchSender sender)
    {
        IEnumerable<StoredEntry> entries = store.Metadata.InOrder(FlightRequest.FilterOf(request));
        await sender.SchemaAsync(CatalogTable.Schema, call.Cancel).ConfigureAwait(false);
        foreach (RecordBatch batch in CatalogTable.Of(entries, CatalogRows))
            await sender.BatchAsync(batch, "", call.Cancel).ConfigureAwait(false);
    }

    /// <summary>Sends the audit trail: one row per entry.</summary>
    private async Task SendAudit(GrpcCall call, AuditRequest request, BatchSender sender)
    {
        IReadOnlyList<AuditEntry> entries = await store.Diagnostics.Audit.ListAsync(
            AuditQuery.FilterOf(request.Subject, request.From, request.Until), call.Cancel).ConfigureAwait(false);
        await sender.SchemaAsync(AuditTable.Schema, call.Cancel).ConfigureAwait(false);
        foreach (RecordBatch batch in AuditTable.Of(entries))
            await sender.BatchAsync(batch, "", call.Cancel).ConfigureAwait(false);
    }

    private async Task SendBlocks(GrpcCall call, Request request, BatchSender sender)
    {
        using BlockStream stream = streams.Find(request);
        await sender.SchemaAsync(stream.Schema, call.Cancel).ConfigureAwait(false);
        long skip = request.FirstRow, left = request.Rows == 0 ? long.MaxValue : request.Rows;
        foreach (BlockAddress block in stream.Blocks)
        {
            if (left <= 0) break;
            if (skip > 0 && skip >= block.Rows)
            {
                skip -= block.Rows;
                continue;
            }

            using RecordLease lease = stream.Leases.Take(block.Cid) ?? store.Reading.LeaseUnproved(block.Cid)
                ?? throw BlockStreams.NotHere(store, block.Cid);
            store.Reading.ProveToSend(lease);
            if (skip == 0 && left >= block.Rows && request.Columns.Count == 0 && sender.Takes(block.ByteLength))
                await sender.WholeAsync(lease.Memory, block.Cid.ToString(), call.Cancel).ConfigureAwait(false);
            else await SendPart(call, block.Cid, lease, stream.Schema, request, sender, skip, left)
                .ConfigureAwait(false);

            left -= block.Rows - skip;
            skip = 0;
        }
    }

    /// <summary>Sends a batch that is cut, by its rows or columns or for the client.</summary>
    private async Task SendPart(GrpcCall call, Cid cid, RecordLease lease, Schema schema, Request request,
        BatchSender sender, long skip, long left)
    {
        RecordBatch batch = store.Proofs.Read(lease);
        string mark = cid.ToString();
        if (skip == 0 && left >= batch.Length && request.Columns.Count == 0)
        {
            await sender.BlockAsync(lease.Memory, batch, mark, call.Cancel).ConfigureAwait(false);
            return;
        }

        RecordBatch part = ColumnChoice.Of(batch, schema, request.Columns);
        part = part.Slice((int)skip, (int)Math.Min(left, part.Length - skip));
        await sender.BatchAsync(part, mark, call.Cancel).ConfigureAwait(false);
    }
}
