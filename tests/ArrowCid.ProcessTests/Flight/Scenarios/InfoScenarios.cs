using System.Collections.Concurrent;
using ArrowCid.Columnar;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.Flight.Service;
using ArrowCid.Ipc;
using ArrowCid.Server.Grpc;
using Google.Protobuf;
using Grpc.Core;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace ArrowCid.ProcessTests.Flight.Scenarios;

/// <summary>Infos and what their tickets give: endpoints that end, queries that run, headers and metadata that come
/// back.</summary>
internal sealed class InfoScenarios(UploadScenario uploads)
{
    private static readonly Schema s_schema = new(new Field("number", ArrowType.UInt32));

    private readonly ConcurrentDictionary<string, Life> _tickets = new();

    public FlightInfo GetFlightInfo(GrpcCall call, FlightDescriptor descriptor)
    {
        if (call.Header("x-middleware") is { } header) call.Http.Response.Headers["x-middleware"] = header;
        return InfoOf(descriptor);
    }

    /// <summary>The first answer says that the query runs; the descriptor in it gives the result.</summary>
    public static PollInfo PollFlightInfo(FlightDescriptor descriptor)
    {
        bool isDone = descriptor.Cmd.ToStringUtf8() == "poll";
        var poll = new PollInfo { Info = Info(descriptor, Endpoint("done")), Progress = isDone ? 1 : 0.1 };
        if (!isDone)
        {
            poll.FlightDescriptor = new FlightDescriptor
            {
                Type = FlightDescriptor.Types.DescriptorType.Cmd,
                Cmd = ByteString.CopyFromUtf8("poll"),
            };
            poll.ExpirationTime = In(10);
        }

        return poll;
    }

    public async Task DoGet(GrpcCall call, string ticket)
    {
        if (uploads.Has(ticket))
        {
            await uploads.Send(call, ticket);
            return;
        }

        if (!_tickets.TryGetValue(ticket, out Life? life)) throw new GrpcException(StatusCode.NotFound, $"no ticket {ticket}");
        life.Redeem();
        var sender = new BatchSender(call.Writer, 0);
        await sender.SchemaAsync(s_schema, call.Cancel);
        await sender.BatchAsync(new RecordBatch(s_schema, 1, ArrowArray.From<uint>(new[] { life.Number })), "", call.Cancel);
    }

    public CancelFlightInfoResult Cancel(FlightInfo info)
    {
        foreach (FlightEndpoint endpoint in info.Endpoint) _tickets[endpoint.Ticket.Ticket_.ToStringUtf8()].IsCancelled = true;
        return new CancelFlightInfoResult { Status = CancelStatus.Cancelled };
    }

    public FlightEndpoint Renew(FlightEndpoint endpoint)
    {
        endpoint.ExpirationTime = In(10);
        _tickets[endpoint.Ticket.Ticket_.ToStringUtf8()].Ends = endpoint.ExpirationTime;
        return endpoint;
    }

    private FlightInfo InfoOf(FlightDescriptor descriptor)
    {
        if (descriptor.Type == FlightDescriptor.Types.DescriptorType.Path)
        {
            string name = descriptor.Path.Single();
            if (!uploads.Has(name)) throw new GrpcException(StatusCode.NotFound, $"nothing was put at {name}");
            FlightInfo uploaded = Info(descriptor, Endpoint(name));
            uploaded.Schema = uploads.SchemaOf(name);
            return uploaded;
        }

        string command = descriptor.Cmd.ToStringUtf8();
        if (command.Length == 0) throw new GrpcException(StatusCode.Unknown, "Unknown");
        if (command != "expiration")
        {
            FlightInfo echo = Info(descriptor, Endpoint("foo"));
            echo.AppMetadata = echo.Endpoint[0].AppMetadata = descriptor.Cmd;
            return echo;
        }

        return Info(descriptor, [.. new Timestamp?[] { null, In(5), In(6) }.Select((ends, number) =>
        {
            string ticket = Guid.NewGuid().ToString();
            _tickets[ticket] = new Life((uint)number) { Ends = ends };
            FlightEndpoint endpoint = Endpoint(ticket);
            endpoint.ExpirationTime = ends;
            return endpoint;
        })]);
    }

    private static FlightInfo Info(FlightDescriptor descriptor, params FlightEndpoint[] endpoints) => new()
    {
        Schema = ByteString.CopyFrom(CanonicalSchema.Of(s_schema).Message),
        FlightDescriptor = descriptor,
        Endpoint = { endpoints },
        TotalRecords = -1,
        TotalBytes = -1,
    };

    private static FlightEndpoint Endpoint(string ticket) =>
        new() { Ticket = new Ticket { Ticket_ = ByteString.CopyFromUtf8(ticket) } };

    private static Timestamp In(int seconds) => Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddSeconds(seconds));

    /// <summary>A ticket: it is good once where it has no end, and else until then.</summary>
    private sealed class Life(uint number)
    {
        private int _redeemed;

        public uint Number => number;

        public Timestamp? Ends { get; set; }

        public bool IsCancelled { get; set; }

        public void Redeem()
        {
            if (IsCancelled) throw new GrpcException(StatusCode.InvalidArgument, "the ticket was cancelled");
            if (Ends is null && Interlocked.Increment(ref _redeemed) > 1)
                throw new GrpcException(StatusCode.InvalidArgument, "the ticket was read before");
            if (Ends is { } end && end.ToDateTimeOffset() < DateTimeOffset.UtcNow)
                throw new GrpcException(StatusCode.InvalidArgument, "the ticket has expired");
        }
    }
}
