using System.Collections.Concurrent;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Service;
using ArrowCid.Ipc;
using ArrowCid.Server.Grpc;
using Google.Protobuf;
using Grpc.Core;

namespace ArrowCid.ProcessTests.Flight.Scenarios;

/// <summary>What is put is kept message by message and given back as it came; and the exchange that echoes.</summary>
internal sealed class UploadScenario
{
    private readonly ConcurrentDictionary<string, Message[]> _kept = new();

    public bool Has(string name) => _kept.ContainsKey(name);

    /// <summary>The schema as infos carry it: encapsulated.</summary>
    public ByteString SchemaOf(string name)
    {
        byte[] header = _kept[name][0].Header;
        byte[] prefix = [0xff, 0xff, 0xff, 0xff, .. BitConverter.GetBytes(header.Length)];
        return ByteString.CopyFrom([.. prefix, .. header]);
    }

    /// <summary>Each batch is answered by its own app_metadata, before the next is read.</summary>
    public async Task DoPut(GrpcCall call)
    {
        var data = new FlightDataReader(call.Reader);
        var kept = new List<Message>();
        string? name = null;
        while (await data.NextAsync(call.Cancel))
        {
            name ??= data.Descriptor?.Path.Single();
            kept.Add(new Message(data.Kind, data.Header, data.Body.ToArray()));
            if (data.Kind != IpcMessage.BatchHeader) continue;
            await call.Writer.WriteAsync(new ArrowCid.Flight.Protocol.PutResult { AppMetadata = ByteString.CopyFrom(data.AppMetadata) }, call.Cancel);
            await call.Writer.FlushAsync(call.Cancel);
        }

        _kept[name ?? throw new GrpcException(StatusCode.InvalidArgument, "no path")] = [.. kept];
    }

    /// <summary>Gives the batches back, each with its number.</summary>
    public async Task Send(GrpcCall call, string name)
    {
        var frame = new FlightFrame();
        int batches = 0;
        foreach (Message message in _kept[name])
        {
            string mark = message.Kind == IpcMessage.BatchHeader ? $"{batches++}" : "";
            await call.Writer.WriteAsync(frame.Make(message.Header, mark, message.Body.Length, null), message.Body, call.Cancel);
        }
    }

    /// <summary>Each batch comes back with its app_metadata, or without where it had none.</summary>
    public static async Task DoExchange(GrpcCall call)
    {
        var data = new FlightDataReader(call.Reader);
        var sender = new BatchSender(call.Writer, 0);
        using var batches = new FlightBatches();
        if (!await data.NextAsync(call.Cancel) || data.Descriptor?.Cmd.ToStringUtf8() != "echo")
            throw new GrpcException(StatusCode.InvalidArgument, "echo is all that is done here");
        await call.StartAsync();
        bool hasSchema = false;
        do
        {
            ArrowCid.Columnar.RecordBatch? batch = batches.Take(data);
            if (!hasSchema && batches.Schema is { } schema)
            {
                hasSchema = true;
                await sender.SchemaAsync(schema, call.Cancel);
            }

            if (batch is not null) await sender.BatchAsync(batch, System.Text.Encoding.UTF8.GetString(data.AppMetadata), call.Cancel);
            await call.Writer.FlushAsync(call.Cancel);
        }
        while (await data.NextAsync(call.Cancel));
    }

    private sealed record Message(byte Kind, byte[] Header, byte[] Body);
}
