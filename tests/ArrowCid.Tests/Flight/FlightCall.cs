using ArrowCid.Columnar;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.Flight.Service;
using ArrowCid.ProcessTests.Flight;
using Google.Protobuf;
using Grpc.Core;

namespace ArrowCid.Tests.Flight;

/// <summary>Calls of Flight by hand, where it matters what is on the wire.</summary>
internal static class FlightCall
{
    public const string Service = "/arrow.flight.protocol.FlightService/";

    public static Ticket Ticket(string text) => new() { Ticket_ = ByteString.CopyFromUtf8(text) };

    public static FlightDescriptor Path(params string[] parts) =>
        new() { Type = FlightDescriptor.Types.DescriptorType.Path, Path = { parts } };

    /// <summary>Begins a call with the messages of its request.</summary>
    public static Task<RawCall> OpenAsync(FlightChannel channel, string path, string? token,
        params IMessage[] messages) =>
        OpenAsync(channel, path, token, async (writer, cancel) =>
        {
            foreach (IMessage message in messages) await writer.WriteAsync(message, cancel);
        });

    public static Task<RawCall> OpenAsync(FlightChannel channel, string path, string? token,
        Func<GrpcWriter, CancellationToken, Task> send, CancellationToken cancel = default) =>
        RawCall.OpenAsync(channel, path, token, send, cancel);

    /// <summary>Makes a call, and reads its first message or its end.</summary>
    public static async Task<StatusCode> StatusAsync(FlightChannel channel, string path, string? token,
        params IMessage[] messages)
    {
        try
        {
            using RawCall call = await OpenAsync(channel, path, token, messages);
            _ = await call.NextAsync();
            return StatusCode.OK;
        }
        catch (RpcException e)
        {
            return e.StatusCode;
        }
    }

    /// <summary>Begins a DoGet whose messages are read as FlightData.</summary>
    public static AsyncServerStreamingCall<FlightMessage> Get(FlightChannel channel, string ticket, string? token)
    {
        var method = new Method<Ticket, FlightMessage>(MethodType.ServerStreaming, Service.Trim('/'), "DoGet",
            Marshallers.Create(message => message.ToByteArray(), ArrowCid.Flight.Protocol.Ticket.Parser.ParseFrom),
            FlightMessage.Marshaller);
        var headers = new Metadata();
        if (token is not null) headers.Add("authorization", $"Bearer {token}");
        return channel.Invoker.AsyncServerStreamingCall(method, null, new CallOptions(headers), Ticket(ticket));
    }

    /// <summary>All messages of a call.</summary>
    public static async Task<List<byte[]>> MessagesAsync(RawCall call)
    {
        var found = new List<byte[]>();
        while (await call.NextAsync()) found.Add(call.Message);
        return found;
    }

    /// <summary>The bodies of an action's results.</summary>
    public static async Task<List<byte[]>> ActAsync(FlightChannel channel, string? token, string action, string body)
    {
        using RawCall call = await OpenAsync(channel, Service + "DoAction", token,
            new ArrowCid.Flight.Protocol.Action { Type = action, Body = ByteString.CopyFromUtf8(body) });
        return [.. (await MessagesAsync(call)).Select(bytes => Result.Parser.ParseFrom(bytes).Body.ToByteArray())];
    }

    /// <summary>A batch's schema and itself as messages of a put.</summary>
    public static async Task SendAsync(GrpcWriter writer, RecordBatch batch, FlightDescriptor to,
        CancellationToken cancel)
    {
        var sender = new BatchSender(writer, 0) { Descriptor = to };
        await sender.SchemaAsync(batch.Schema, cancel);
        await sender.BatchAsync(batch, "", cancel);
    }

    /// <summary>The bytes of the request of a put.</summary>
    public static async Task<byte[]> BytesOf(RecordBatch batch, FlightDescriptor to)
    {
        var body = new MemoryStream();
        var pipe = System.IO.Pipelines.PipeWriter.Create(body);
        var writer = new GrpcWriter(pipe);
        await SendAsync(writer, batch, to, default);
        await writer.FlushAsync(default);
        await pipe.CompleteAsync();
        return body.ToArray();
    }
}
