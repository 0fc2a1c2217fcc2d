using ArrowCid.Columnar;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.Flight.Service;
using Google.Protobuf;

namespace ArrowCid.Tests.Flight;

/// <summary>Calls of Flight by hand, where it matters what is on the wire.</summary>
internal static class FlightCall
{
    public const string Service = "/arrow.flight.protocol.FlightService/";

    public static Ticket Ticket(string text) => new() { Ticket_ = ByteString.CopyFromUtf8(text) };

    public static FlightDescriptor Path(params string[] parts) =>
        new() { Type = FlightDescriptor.Types.DescriptorType.Path, Path = { parts } };

    /// <summary>Begins a call with the messages of its request.</summary>
    public static Task<GrpcClientCall> OpenAsync(GrpcChannel channel, string path, string? token,
        params IMessage[] messages) =>
        OpenAsync(channel, path, token, async (writer, cancel) =>
        {
            foreach (IMessage message in messages) await writer.WriteAsync(message, cancel);
        });

    public static Task<GrpcClientCall> OpenAsync(GrpcChannel channel, string path, string? token,
        Func<GrpcWriter, CancellationToken, Task> send, CancellationToken cancel = default) =>
        channel.CallAsync(path, send, new GrpcCallOptions
        {
            Metadata = token is null ? [] : [new("authorization", $"Bearer {token}")],
        }, cancel);

    /// <summary>Makes a call, and reads its first message or its end.</summary>
    public static async Task<GrpcStatus> StatusAsync(GrpcChannel channel, string path, string? token,
        params IMessage[] messages)
    {
        try
        {
            using GrpcClientCall call = await OpenAsync(channel, path, token, messages);
            if (!await call.NextAsync()) call.Finish();
            return GrpcStatus.Ok;
        }
        catch (GrpcException e)
        {
            return e.Status;
        }
    }

    /// <summary>All messages of a call.</summary>
    public static async Task<List<byte[]>> MessagesAsync(GrpcClientCall call)
    {
        var found = new List<byte[]>();
        while (await call.NextAsync())
            found.Add((await call.ReadAsync(call.Reader.RestAsync)).ToArray());
        call.Finish();
        return found;
    }

    /// <summary>The bodies of an action's results.</summary>
    public static async Task<List<byte[]>> ActAsync(GrpcChannel channel, string? token, string action, string body)
    {
        using GrpcClientCall call = await OpenAsync(channel, Service + "DoAction", token,
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
}
