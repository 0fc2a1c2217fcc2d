using System.Runtime.CompilerServices;
using ArrowCid.Columnar;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.Flight.Service;
using ArrowCid.Ipc;
using ArrowCid.Registry;
using Google.Protobuf;

namespace ArrowCid.Flight;

/// <summary>
/// A store behind Arrow Flight. What is fetched is proved to be what its CID says; where the store turns out to be on
/// this machine, batches are read in its shared memory. For any number of threads at once.
/// </summary>
/// <example>
/// <code>
/// using var client = new CidClient(new Uri("grpc://127.0.0.1:8815"));
/// using RemoteBatch? batch = await client.TryGetAsync(cid);
/// </code>
/// </example>
public sealed class CidClient : IDisposable
{
    private const string Service = "/arrow.flight.protocol.FlightService/";

    private readonly GrpcChannel _channel;
    private readonly CidClientOptions _options;
    private readonly KeyValuePair<string, string>[] _metadata;
    private readonly Lazy<Task<CidStore?>> _local;

    /// <summary>Makes a client; it connects when it is first used.</summary>
    /// <param name="address"><c>grpc://host:port</c>, <c>grpc+tls://host:port</c> or <c>grpc+unix:///path</c>.</param>
    /// <param name="options">How it calls; by default <see cref="CidClientOptions"/>' defaults.</param>
    /// <exception cref="ArgumentException">Another scheme.</exception>
    public CidClient(Uri address, CidClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(address);
        _options = options ?? new CidClientOptions();
        _channel = new GrpcChannel(address, _options.Tls);
        _metadata = _options.Token is { } token ? [new("authorization", $"Bearer {token}")] : [];
        _local = new Lazy<Task<CidStore?>>(
            () => _options.UseLocalStore ? OpenLocalAsync() : Task.FromResult<CidStore?>(null));
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
        if (local?.TryGet(cid) is { } lease) return new RemoteBatch(lease);
        try
        {
            RecordBatch batch = await FetchAsync(cid, cancellationToken).ConfigureAwait(false);
            if (_options.Verify && CanonicalBlock.CidOf(batch) is var got && got != cid)
                throw new ArrowCidException(ErrorCode.BlockCorrupt, $"the server gave {got} for {cid}");
            return new RemoteBatch(cid, batch);
        }
        catch (GrpcException e) when (e.Status == GrpcStatus.NotFound)
        {
            return null;
        }
        catch (GrpcException e)
        {
            throw Told(e);
        }
    }

    /// <summary>Puts a batch.</summary>
    /// <param name="batch">The batch; its memory is read until the call returns.</param>
    /// <param name="options">What is said of it; null: nothing.</param>
    /// <param name="cancellationToken">Ends it; the batch may have been put then.</param>
    /// <returns>The block's address, proved, and whether it was new.</returns>
    /// <exception cref="ArrowCidException">As the server gave it; <see cref="ErrorCode.AccessDenied"/>: it wants
    /// another token.</exception>
    public async Task<PutResult> PutAsync(RecordBatch batch, PutOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        EncodedBlock block = CanonicalBlock.Encode(batch);
        try
        {
            using GrpcClientCall call = await CallAsync("DoPut", (writer, cancel) => SendAsync(writer, batch, block,
                options, cancel), _options.Timeout, cancellationToken).ConfigureAwait(false);
            PutAck? ack = null;
            await foreach (ByteString metadata in MessagesAsync(call, Protocol.PutResult.Parser, r => r.AppMetadata)
                .ConfigureAwait(false))
            {
                PutAck read = PutAck.Parser.ParseFrom(metadata);
                if (!read.IsStream) ack = read;
            }

            bool isSame = ack is not null && Cid.TryParse(ack.Cid, out Cid cid) && cid == block.Cid;
            return isSame
                ? new PutResult(block.Address, ack!.IsNew) { IsRepaired = ack.IsRepaired }
                : throw new ArrowCidException(ErrorCode.Internal,
                    $"the server says that it put {ack?.Cid}, and it was given {block.Cid}");
        }
        catch (GrpcException e)
        {
            throw Told(e);
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
        using GrpcClientCall call = await ToldAsync(CallAsync("ListFlights", criteria, null, cancellationToken))
            .ConfigureAwait(false);
        await using IAsyncEnumerator<string> cids = MessagesAsync(call, FlightInfo.Parser,
            info => info.FlightDescriptor.Path[0]).GetAsyncEnumerator(cancellationToken);
        while (await ToldAsync(cids.MoveNextAsync().AsTask()).ConfigureAwait(false))
            yield return Cid.Parse(cids.Current);
    }

    /// <summary>The puts of batches from a cursor on, as they come.</summary>
    /// <param name="from">Where to begin.</param>
    /// <param name="filter">What the batches shall be; null: any.</param>
    /// <param name="cancellationToken">Ends it with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The announcements; lanes and numbers are the server's own and left out.</returns>
    /// <exception cref="ArrowCidException">While it is read: <see cref="ErrorCode.Busy"/>: the server is going down;
    /// go on from the last cursor; others as the server gave them.</exception>
    public async IAsyncEnumerable<Announcement> WatchAsync(Cursor from, Filter? filter = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var request = new Request { Watch = true, From = from.ToString(), Filter = filter?.ToString() ?? "" };
        using GrpcClientCall call = await ToldAsync(CallAsync("DoGet", TicketOf(request), null, cancellationToken))
            .ConfigureAwait(false);
        var data = new FlightDataReader(call.Reader);
        using var batches = new FlightBatches();
        while (await ToldAsync(NextAsync(call, data)).ConfigureAwait(false))
        {
            if (batches.Take(data) is not { Length: > 0 } rows) continue;
            var table = new WatchRows(rows);
            for (int i = 0; i < rows.Length; i++) yield return table[i];
        }
    }

    /// <summary>Ends the connections; batches in shared memory stay readable until they are disposed of.</summary>
    public void Dispose()
    {
        _channel.Dispose();
        if (_local is { IsValueCreated: true, Value.IsCompletedSuccessfully: true }) _local.Value.Result?.Dispose();
    }

    private async Task<RecordBatch> FetchAsync(Cid cid, CancellationToken cancel)
    {
        var ticket = new Ticket { Ticket_ = ByteString.CopyFromUtf8(cid.ToString()) };
        using GrpcClientCall call = await CallAsync("DoGet", ticket, _options.Timeout, cancel).ConfigureAwait(false);
        var data = new FlightDataReader(call.Reader);
        using var batches = new FlightBatches();
        RecordBatch? only = null;
        while (await NextAsync(call, data).ConfigureAwait(false))
        {
            if (batches.Take(data) is not { } batch) continue;
            _ = data.TakeBody();
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
        var descriptor = new FlightDescriptor
        {
            Type = FlightDescriptor.Types.DescriptorType.Cmd,
            Cmd = Google.Protobuf.WellKnownTypes.Any.Pack(how).ToByteString(),
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
            using GrpcClientCall call = await CallAsync("DoAction", new Protocol.Action { Type = "where" },
                TimeSpan.FromSeconds(5), CancellationToken.None).ConfigureAwait(false);
            await foreach (ByteString body in MessagesAsync(call, Result.Parser, result => result.Body)
                .ConfigureAwait(false))
            {
                if (StorePlace.Of(body.ToStringUtf8()) is not { IsHere: true } place) continue;
                store = CidStore.Open(place.Directory, new CidStoreOptions { MustExist = true, ReadOnly = true });
                if (store.GetFigures().Id == place.Store) return store;
                store.Dispose();
            }
        }
        catch (Exception e) when (e is GrpcException or ArrowCidException or IOException or
            System.Text.Json.JsonException or UnauthorizedAccessException)
        {
            // Then it is read over the wire, whose own errors say what is wrong.
            store?.Dispose();
        }

        return null;
    }

    private static Ticket TicketOf(Request request) =>
        new() { Ticket_ = ByteString.CopyFromUtf8(JsonFormatter.Default.Format(request)) };

    private Task<GrpcClientCall> CallAsync(string method, IMessage request, TimeSpan? timeout,
        CancellationToken cancel) =>
        CallAsync(method, async (writer, ends) => await writer.WriteAsync(request, ends).ConfigureAwait(false), timeout,
            cancel);

    private Task<GrpcClientCall> CallAsync(string method, Func<GrpcWriter, CancellationToken, Task> send,
        TimeSpan? timeout, CancellationToken cancel) =>
        _channel.CallAsync(Service + method, send, new GrpcCallOptions { Metadata = _metadata, Timeout = timeout },
            cancel);

    private static async Task<bool> NextAsync(GrpcClientCall call, FlightDataReader data)
    {
        if (await call.ReadAsync(data.NextAsync).ConfigureAwait(false)) return true;
        call.Finish();
        return false;
    }

    private static async IAsyncEnumerable<TPart> MessagesAsync<T, TPart>(GrpcClientCall call, MessageParser<T> parser,
        Func<T, TPart> part) where T : class, IMessage<T>
    {
        while (await call.ReadAsync(cancel => call.Reader.MessageAsync(parser, cancel)).ConfigureAwait(false) is
            { } message)
        {
            yield return part(message);
        }

        call.Finish();
    }

    private static async Task<T> ToldAsync<T>(Task<T> task)
    {
        try
        {
            return await task.ConfigureAwait(false);
        }
        catch (GrpcException e)
        {
            throw Told(e);
        }
    }

    /// <summary>A call's end in ArrowCid's words: the server's own error, or what the status says.</summary>
    private static ArrowCidException Told(GrpcException e) => new(e.Code ?? e.Status switch
    {
        GrpcStatus.InvalidArgument => ErrorCode.InvalidArgument,
        GrpcStatus.NotFound => ErrorCode.BlockNotFound,
        GrpcStatus.PermissionDenied or GrpcStatus.Unauthenticated => ErrorCode.AccessDenied,
        GrpcStatus.ResourceExhausted => ErrorCode.TooLarge,
        GrpcStatus.OutOfRange => ErrorCode.SubscriberLagged,
        GrpcStatus.Unimplemented => ErrorCode.Unsupported,
        GrpcStatus.Unavailable => ErrorCode.Busy,
        GrpcStatus.DataLoss => ErrorCode.BlockCorrupt,
        GrpcStatus.Internal or GrpcStatus.Unknown => ErrorCode.Internal,
        _ => ErrorCode.Io,
    }, e.Message, e);
}
