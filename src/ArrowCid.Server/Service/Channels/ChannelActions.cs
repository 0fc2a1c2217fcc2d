using System.Text;
using ArrowCid.Flight.Protocol;
using ArrowCid.Server.Grpc;
using Google.Protobuf;

namespace ArrowCid.Server.Service;

/// <summary>The actions for channels: <c>channels</c>, <c>channel-create</c>, <c>channel-publish</c>,
/// <c>channel-read</c> and <c>channel-exchange</c>.</summary>
internal sealed class ChannelActions(ServedChannels channels)
{
    private const int MaxName = 512;

    /// <summary>Sends the channels.</summary>
    public async Task List(GrpcCall call, ActionArguments arguments)
    {
        foreach (byte[] channel in channels.List()) await Send(call, channel, call.Cancel).ConfigureAwait(false);
    }

    /// <summary>Creates a channel.</summary>
    public async Task Create(GrpcCall call, ActionArguments arguments) =>
        await Send(call, channels.Create(arguments.Body), call.Cancel).ConfigureAwait(false);

    /// <summary>Publishes a message.</summary>
    public async Task Publish(GrpcCall call, ActionArguments arguments) =>
        await Send(call, channels.Publish(arguments.Body), call.Cancel).ConfigureAwait(false);

    /// <summary>Sends messages as they come, each after all that it follows.</summary>
    public async Task Read(GrpcCall call, ActionArguments arguments)
    {
        MessageChannel channel = channels.Find(arguments.Text("channel") ?? "");
        ChannelCursor from = arguments.Text("from") is { } text ? ChannelCursor.Parse(text) : ChannelCursor.Now;
        TimeSpan? idle = arguments.Milliseconds("idleMs");
        using CancellationTokenSource ends = call.Lasting();
        await call.StartAsync().ConfigureAwait(false);
        await foreach (ChannelMessage message in channel.ReadAsync(from, idle, ends.Token).ConfigureAwait(false))
        {
            await Send(call, JsonObject.Bytes(writer => ChannelJson.Write(writer, message)), ends.Token)
                .ConfigureAwait(false);
            await call.Writer.FlushAsync(ends.Token).ConfigureAwait(false);
        }
    }

    /// <summary>Takes in the lists of a participant, and sends the answers.</summary>
    public async Task Exchange(GrpcCall call, ActionArguments arguments)
    {
        ReadOnlyMemory<byte> body = arguments.Body;
        int end = body.Span[..Math.Min(body.Length, MaxName + 1)].IndexOf((byte)'\n');
        if (end < 0)
            throw new ArrowCidException(ErrorCode.InvalidArgument, "a channel and a line feed are expected first");
        MessageChannel channel = channels.Find(Encoding.UTF8.GetString(body.Span[..end]));
        IReadOnlyList<byte[]> answers = await Task.Run(() =>
            ServedChannels.Exchange(channel, body[(end + 1)..]), call.Cancel).ConfigureAwait(false);
        foreach (byte[] answer in answers) await Send(call, answer, call.Cancel).ConfigureAwait(false);
    }

    private static ValueTask Send(GrpcCall call, byte[] body, CancellationToken cancel) =>
        call.Writer.WriteAsync(new Result { Body = UnsafeByteOperations.UnsafeWrap(body) }, cancel);
}
