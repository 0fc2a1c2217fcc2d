using System.Runtime.CompilerServices;
using ArrowCid.Columnar;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.Flight.Service;
using ArrowCid.Ipc;
using ArrowCid.Registry;
using Google.Protobuf;
using Grpc.Core;
using Any = Google.Protobuf.WellKnownTypes.Any;
using Duration = Google.Protobuf.WellKnownTypes.Duration;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace ArrowCid.Client;

/// <summary>
/// A store served over Arrow Flight. Fetched bytes are verified against their CIDs; if the store turns out to be on
/// this machine, batches are read in its shared memory. For any number of threads at once.
/// </summary>
/// <example>
/// <code>
/// using var client = new CidClient(new Uri("grpc://127.0.0.1:8815"));
/// using RemoteBatch? batch = await client.TryGetAsync(cid);
/// </code>
/// </example>
public sealed partial class CidClient : IDisposable
{
    private static readonly Method<Ticket, FlightMessage> s_get = new(MethodType.ServerStreaming, FlightNames.Service,
        "DoGet", Marshallers.Create(static ticket => ticket.ToByteArray(), Ticket.Parser.ParseFrom),
        FlightMessage.Marshaller);

    private static readonly Marshaller<Flight.Protocol.PutResult> s_putResult = Marshallers.Create(
        static result => result.ToByteArray(), Flight.Protocol.PutResult.Parser.ParseFrom);

    private readonly FlightChannel _channel;
    private readonly FlightService.FlightServiceClient _calls;
    private readonly CidClientOptions _options;
    private readonly Metadata _metadata;
    private readonly Lazy<Task<CidStore?>> _local;

    /// <summary>Makes a client; it connects when it is first used.</summary>
    /// <param name="address"><c>grpc://host:port</c>, <c>grpc+tls://host:port</c> or <c>grpc+unix:///path</c>.</param>
    /// <param name="options">How it calls; by default <see cref="CidClientOptions"/>' defaults.</param>
    /// <exception cref="ArgumentException">Another scheme.</exception>
    public CidClient(Uri address, CidClientOptions? options = null)
        : this(address, options, openLocal: null)
    {
    }

    /// <param name="address">The server.</param>
    /// <param name="options">How it calls.</param>
    /// <param name="openLocal">Opens the server's store on this machine; null: asks the server where it is.</param>
    internal CidClient(Uri address, CidClientOptions? options, Func<Task<CidStore?>>? openLocal)
    {
        ArgumentNullException.ThrowIfNull(address);
        _options = options ?? new CidClientOptions();
        _channel = new FlightChannel(address, _options.Tls);
        _calls = new FlightService.FlightServiceClient(_channel.Invoker);
        // A message may be as large as the batch; other clients of this library take no more than 4 MiB.
        _metadata = new Metadata { { FlightNames.LimitHeader, "0" } };
        if (_options.Compression != ArrowCompression.None)
            _metadata.Add(FlightNames.CompressionHeader, _options.Compression.ToString().ToLowerInvariant());
        if (_options.Token is { } token) _metadata.Add("authorization", $"Bearer {token}");
        _local = new Lazy<Task<CidStore?>>(
            openLocal ?? (() => _options.UseLocalStore ? OpenLocalAsync() : Task.FromResult<CidStore?>(null)));
    }

    /// <summary>Fetches a batch.</summary>
    /// <param name="cid">Its CID.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The batch, to be disposed of; null where the server does not have it.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: what came is not what the CID says;
    /// <see cref="ErrorCode.Busy"/>: the server cannot be reached; others as the server gave them.</exception>
    public async Task<RemoteBatch?> TryGetAsync(Cid cid, CancellationToken cancellationToken = default)
    {
        CidStore? local = await _local.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (local is not null && TryGetLocal(local, cid) is { } lease) return new RemoteBatch(lease);
        try
        {
            RecordBatch batch = await FetchAsync(cid, cancellationToken).ConfigureAwait(false);
            if (_options.Verify && CanonicalBlock.CidOf(batch) is var got && got != cid)
                throw new ArrowCidException(ErrorCode.BlockCorrupt, $"the server gave {got} for {cid}");
            return new RemoteBatch(cid, batch);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
        catch (RpcException e)
        {
            throw ToArrowCidException(e, cancellationToken);
        }
    }

    /// <summary>Puts a batch.</summary>
    /// <param name="batch">The batch; its memory is read until the call returns.</param>
    /// <param name="options">Its metadata; null: none.</param>
    /// <param name="cancellationToken">Ends it; the batch may have been put then.</param>
    /// <returns>The block's address, proved, and whether it was new.</returns>
    /// <exception cref="ArrowCidException">As the server gave it; <see cref="ErrorCode.AccessDenied"/>: it wants
    /// another token.</exception>
    internal async Task<PutResult> PutAsync(RecordBatch batch, PutOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        EncodedBlock block = CanonicalBlock.Encode(batch);
        try
        {
            using AsyncServerStreamingCall<Flight.Protocol.PutResult> call = _channel.Send(FlightNames.Service, "DoPut",
                s_putResult, (writer, cancel) => SendAsync(writer, batch, block, options, cancel),
                Options(cancellationToken, _options.Timeout));
            PutAck? ack = null;
            while (await call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false))
            {
                PutAck read = PutAck.Parser.ParseFrom(call.ResponseStream.Current.AppMetadata);
                if (!read.IsStream) ack = read;
            }

            bool isSame = ack is not null && Cid.TryParse(ack.Cid, out Cid cid) && cid == block.Cid;
            return isSame
                ? new PutResult { Address = block.Address, IsNew = ack!.IsNew, IsRepaired = ack.IsRepaired }
                : throw new ArrowCidException(ErrorCode.Internal,
                    $"the server says that it put {ack?.Cid}, and it was given {block.Cid}");
        }
        catch (RpcException e)
        {
            throw ToArrowCidException(e, cancellationToken);
        }
    }

    /// <summary>The newest batches.</summary>
    /// <param name="filter">What they shall be; null: any.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Addresses, newest first.</returns>
    /// <exception cref="ArrowCidException">While it is read: as the server gave it.</exception>
    public async IAsyncEnumerable<Cid> ListAsync(Filter? filter = null, int limit = 1000,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string batches = filter is null ? "kind = batch" : $"kind = batch and ({filter})";
        var request = new Request { Filter = batches, Limit = (uint)Math.Max(1, limit) };
        var criteria = new Criteria { Expression = ByteString.CopyFromUtf8(JsonFormatter.Default.Format(request)) };
        using AsyncServerStreamingCall<FlightInfo> call = _calls.ListFlights(criteria, Options(cancellationToken));
        while (await NextAsync(call, cancellationToken).ConfigureAwait(false))
            yield return Cid.Parse(call.ResponseStream.Current.FlightDescriptor.Path[0]);
    }

    /// <summary>The puts of batches from a cursor on, as they come.</summary>
    /// <param name="from">Where to begin.</param>
    /// <param name="filter">What the batches shall be; null: any.</param>
    /// <param name="cancellationToken">Ends it with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The announcements; lanes and numbers are the server's own and left out.</returns>
    /// <exception cref="ArrowCidException">While it is read: <see cref="ErrorCode.Busy"/>: the server is going down;
    /// go on from the last cursor; others as the server gave them.</exception>
    public IAsyncEnumerable<StoreEvent> WatchAsync(Cursor from, Filter? filter = null,
        CancellationToken cancellationToken = default) => WatchAsync(
            new Request { Watch = true, From = from.ToString(), Filter = filter?.ToString() ?? "" }, cancellationToken);

    /// <summary>The changes of names from a cursor on, as they come.</summary>
    /// <param name="from">Where to begin.</param>
    /// <param name="names">A pattern of names: <c>*</c> matches any characters, <c>?</c> one.</param>
    /// <param name="cancellationToken">Ends it with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The announcements, of <see cref="StoreEventKind.Name"/> or <see cref="StoreEventKind.Gap"/>.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="WatchAsync(Cursor, Filter, CancellationToken)"/>.
    /// </exception>
    public IAsyncEnumerable<StoreEvent> WatchNamesAsync(Cursor from, string names = "*",
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(names);
        var request = new Request { Watch = true, From = from.ToString(), Names = names, WithoutPuts = true };
        return WatchAsync(request, cancellationToken);
    }

    /// <summary>Ends the connections; batches in shared memory stay readable until they are disposed of.</summary>
    public void Dispose()
    {
        _channel.Dispose();
        if (_local is { IsValueCreated: true, Value.IsCompletedSuccessfully: true }) _local.Value.Result?.Dispose();
    }

    private async IAsyncEnumerable<StoreEvent> WatchAsync(Request request,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using AsyncServerStreamingCall<FlightMessage> call = Get(TicketOf(request), Options(cancellationToken));
        using var batches = new FlightBatches();
        while (await NextAsync(call, cancellationToken).ConfigureAwait(false))
        {
            if (batches.Take(call.ResponseStream.Current.Data) is not { Length: > 0 } rows) continue;
            var table = new WatchRows(rows);
            for (int i = 0; i < rows.Length; i++) yield return table[i];
        }
    }

    /// <summary>A batch of the server's store on this machine; null where it is not there, or not readable, so that the
    /// server is asked: it may have another copy, and its errors are its own.</summary>
    private static BatchLease? TryGetLocal(CidStore local, Cid cid)
    {
        try
        {
            return local.TryGet(cid);
        }
        catch (ArrowCidException)
        {
            return null;
        }
    }

    private async Task<RecordBatch> FetchAsync(Cid cid, CancellationToken cancel)
    {
        var ticket = new Ticket { Ticket_ = ByteString.CopyFromUtf8(cid.ToString()) };
        using AsyncServerStreamingCall<FlightMessage> call = Get(ticket, Options(cancel, _options.Timeout));
        using var batches = new FlightBatches();
        RecordBatch? only = null;
        while (await call.ResponseStream.MoveNext(cancel).ConfigureAwait(false))
        {
            if (batches.Take(call.ResponseStream.Current.Data) is not { } batch) continue;
            only = only is null
                ? batch
                : throw new ArrowCidException(ErrorCode.InvalidData,
                    $"{cid} is several batches; fetch them one by one");
        }

        return only ?? throw new ArrowCidException(ErrorCode.InvalidData, $"the server sent no batch for {cid}");
    }

    private static async Task SendAsync(GrpcWriter writer, RecordBatch batch, EncodedBlock block, PutOptions? options,
        CancellationToken cancel)
    {
        var how = new Put { ExpectedCid = block.Cid.ToString() };
        how.Name = options?.Name ?? "";
        how.Pin = options?.Pin ?? false;
        how.Producer = options?.Producer ?? "";
        how.Json = options?.Json ?? "";
        foreach ((string key, string? value) in options?.Tags ?? new Dictionary<string, string?>())
            how.Tags[key] = value ?? "";
        how.Parents.AddRange((options?.Parents ?? []).Select(parent => parent.ToString()));
        how.Locations.AddRange(options?.Locations ?? []);
        how.Expires = options?.Expires is { } time ? Timestamp.FromDateTimeOffset(time) : null;
        how.ExpiresAfter = options?.ExpiresAfter is { } span ? Duration.FromTimeSpan(span) : null;
        var descriptor = new FlightDescriptor
        {
            Type = FlightDescriptor.Types.DescriptorType.Cmd,
            Cmd = Any.Pack(how).ToByteString(),
        };
        var sender = new BatchSender(writer, 0) { Descriptor = descriptor };
        await sender.SchemaAsync(batch.Schema, cancel).ConfigureAwait(false);
        await sender.BlockAsync(block.Bytes, batch, "", cancel).ConfigureAwait(false);
    }

    /// <summary>Opens the server's store here, where it is here and the same.</summary>
    private async Task<CidStore?> OpenLocalAsync()
    {
        CidStore? store = null;
        try
        {
            using AsyncServerStreamingCall<Result> call = _calls.DoAction(new Flight.Protocol.Action { Type = "where" },
                Options(CancellationToken.None, TimeSpan.FromSeconds(5)));
            while (await call.ResponseStream.MoveNext(CancellationToken.None).ConfigureAwait(false))
            {
                ByteString body = call.ResponseStream.Current.Body;
                if (StorePlace.Of(body.ToStringUtf8()) is not { IsHere: true } place) continue;
                var options = new CidStoreOptions { CreateIfMissing = false, ReadOnly = true };
                store = CidStore.Open(place.Directory, options);
                if (store.Diagnostics.GetSummary().Id == place.Store) return store;
                store.Dispose();
            }
        }
        catch (Exception e) when (e is RpcException or ArrowCidException or IOException or
            System.Text.Json.JsonException or UnauthorizedAccessException)
        {
            // Then it is read over the wire, whose own errors say what is wrong.
            store?.Dispose();
        }

        return null;
    }

    private static Ticket TicketOf(Request request) =>
        new() { Ticket_ = ByteString.CopyFromUtf8(JsonFormatter.Default.Format(request)) };

    private AsyncServerStreamingCall<FlightMessage> Get(Ticket ticket, CallOptions options) =>
        _channel.Invoker.AsyncServerStreamingCall(s_get, null, options, ticket);

    private CallOptions Options(CancellationToken cancel, TimeSpan? timeout = null) =>
        new(_metadata, timeout is { } span ? DateTime.UtcNow + span : null, cancel);

    private static async Task<bool> NextAsync<T>(AsyncServerStreamingCall<T> call, CancellationToken cancel)
    {
        try
        {
            return await call.ResponseStream.MoveNext(cancel).ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            throw ToArrowCidException(e, cancel);
        }
    }

    /// <summary>Returns the error of a call: the server's own, or what the status means.</summary>
    /// <exception cref="OperationCanceledException">The caller cancelled the call.</exception>
    private static ArrowCidException ToArrowCidException(RpcException e, CancellationToken cancel)
    {
        if (e.StatusCode == StatusCode.Cancelled) cancel.ThrowIfCancellationRequested();
        if (Enum.TryParse(e.Trailers.GetValue(FlightNames.ErrorTrailer), out ErrorCode code))
            return new ArrowCidException(code, e.Status.Detail, e);
        return new ArrowCidException(e.StatusCode switch
        {
            StatusCode.InvalidArgument => ErrorCode.InvalidArgument,
            StatusCode.NotFound => ErrorCode.BlockNotFound,
            StatusCode.PermissionDenied or StatusCode.Unauthenticated => ErrorCode.AccessDenied,
            StatusCode.ResourceExhausted => ErrorCode.TooLarge,
            StatusCode.OutOfRange => ErrorCode.SubscriberLagged,
            StatusCode.Unimplemented => ErrorCode.Unsupported,
            StatusCode.Unavailable => ErrorCode.Busy,
            StatusCode.DataLoss => ErrorCode.BlockCorrupt,
            StatusCode.Internal or StatusCode.Unknown => ErrorCode.Internal,
            _ => ErrorCode.Io,
        }, e.Status.Detail, e);
    }
}
