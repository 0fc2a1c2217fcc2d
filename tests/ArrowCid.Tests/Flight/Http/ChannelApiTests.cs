using System.Net;
using System.Text;
using System.Text.Json;
using ArrowCid.Channels;
using ArrowCid.Client;
using ArrowCid.Sync;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Flight.Http;

/// <summary>Channels over HTTP.</summary>
public sealed class ChannelApiTests
{
    [Fact]
    public async Task Channel_is_created_published_to_and_read_as_events_that_go_on_where_they_were()
    {
        await using ServedStore served = await ServedStore.Start();
        Assert.Equal(HttpStatusCode.Created, (await Post(served.Owner, "/v1/channels", """{"name": "telemetry", "open": true}""")).StatusCode);
        Assert.Contains("\"telemetry\"", await (await served.Owner.Send("GET", "/v1/channels")).Text(), StringComparison.Ordinal);
        Cid block = served.Store.Put(ServedStore.Numbers(3)).Cid;
        Cid first = await Publish(served, $$"""{"contents": ["{{block}}"]}""");
        using HttpResponseMessage reading = await served.Owner.Send("GET", "/v1/channels/telemetry/messages?from=oldest");
        Assert.Equal("text/event-stream", reading.Header("Content-Type"));
        using var events = new StreamReader(await reading.Content.ReadAsStreamAsync());
        Assert.Equal(": reading", await events.ReadLineAsync());
        (string cursor, JsonElement message) = await Next(events);
        Assert.Equal(($"{first}", $"{block}"), (message.GetProperty("cid").GetString(), message.GetProperty("contents")[0].GetString()));
        Cid second = await Publish(served, """{"text": "two"}""");
        Assert.Equal($"{second}", (await Next(events)).Message.GetProperty("cid").GetString());
        using HttpResponseMessage again = await served.Owner.Send("GET", "/v1/channels/telemetry/messages", ("Last-Event-ID", cursor));
        using var later = new StreamReader(await again.Content.ReadAsStreamAsync());
        Assert.Equal(": reading", await later.ReadLineAsync());
        Assert.Equal("two"u8.ToArray(), (await Next(later)).Message.GetProperty("bytes").GetBytesFromBase64());
    }

    [Fact]
    public async Task Wrong_requests_have_their_codes()
    {
        await using ServedStore served = await ServedStore.Start();
        Assert.Equal(HttpStatusCode.NotFound, (await served.Owner.Send("GET", "/v1/channels/none/messages")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await Post(served.Owner, "/v1/channels", """{"name": "x"}""")).StatusCode);
        using var made = MessageChannel.Create(served.Store, "telemetry", new ChannelOptions { IsOpen = true });
        Assert.Equal(HttpStatusCode.Conflict, (await Post(served.Owner, "/v1/channels", """{"name": "telemetry", "open": true}""")).StatusCode);
        foreach (string body in (string[])["{}", """{"text": "a", "contents": ["b"]}""", "[]", """{"contents": "x"}"""])
            Assert.Equal(HttpStatusCode.BadRequest, (await Post(served.Owner, "/v1/channels/telemetry/messages", body)).StatusCode);
        foreach (byte[] lists in (byte[][])[[1, 2, 3], [255, 255, 255, 255], [1, 0, 0, 0, 0x80]])
        {
            using var content = new ByteArrayContent(lists);
            using HttpResponseMessage answer = await served.Owner.PostAsync(new Uri("/v1/channels/telemetry/exchange", UriKind.Relative), content);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Store_is_brought_into_step_with_a_server(bool isFlight)
    {
        using var folder = new TemporaryStore();
        using CidStore store = CidStore.Open(folder.Directory);
        await using ServedStore served = await ServedStore.Start();
        using var there = MessageChannel.Create(served.Store, "telemetry", new ChannelOptions { IsOpen = true });
        Cid theirs = served.Store.Put(ServedStore.Numbers(3)).Cid;
        _ = there.Publish([theirs]);
        using ChannelPeer peer = ServerChannels.Open(isFlight ? served.Flight : served.Owner.BaseAddress!, served.Token);
        using var here = MessageChannel.Join(store, peer.ReadFirstBlock(there.Cid)!.Value);
        Cid ours = store.Put(ServedStore.Numbers(4)).Cid;
        Cid sent = here.Publish([ours]);
        for (int i = 0; i < 20; i++) _ = here.PublishBytes(new byte[] { (byte)i });
        ChannelSyncResult result = await here.Sync.WithPeerAsync(peer);
        Assert.Equal((1, 21, 0, 1), (result.Received, result.Sent, result.Refused, result.Contents));
        Assert.Equal(here.Log().Select(message => message.Cid), there.Log().Select(message => message.Cid));
        Assert.True(store.Contains(theirs) && served.Store.Contains(ours));
        result = await here.Sync.WithPeerAsync(peer);
        Assert.Equal((0, 0, 0, 0), (result.Received, result.Sent, result.Refused, result.Contents));
        // The server's beat says what it has.
        Assert.True(await here.WaitAcknowledgedAsync(sent, 1, TimeSpan.FromSeconds(30)));
        Assert.Equal([there.Participant], here.HoldersOf(sent));
    }

    [Fact]
    public async Task Answer_is_bounded_however_much_is_asked_for()
    {
        await using ServedStore served = await ServedStore.Start();
        using var there = MessageChannel.Create(served.Store, "telemetry", new ChannelOptions { IsOpen = true });
        for (int i = 0; i < 200; i++) _ = there.PublishBytes(new byte[30_000]);
        // Each of these wants everything, with nothing known.
        byte[] want = new ChannelExchange(new ChannelEngine(there.Block, there.Cid, there.Follower.Messages),
            there.Follower.Messages, 2).SayWant(there.Follower.Engine.Heads);
        using var content = new ByteArrayContent(SyncFrames.Write([.. Enumerable.Repeat(want, 1000)]));
        using HttpResponseMessage answer =
            await served.Owner.PostAsync(new Uri("/v1/channels/telemetry/exchange", UriKind.Relative), content);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        int length = (await answer.Content.ReadAsByteArrayAsync()).Length;
        Assert.InRange(length, ChannelExchange.MaxAnswerBytes, ChannelExchange.MaxAnswerBytes + (1 << 16) + 16);
    }

    [Fact]
    public async Task Peer_that_answers_too_much_is_refused()
    {
        using var folder = new TemporaryStore();
        using CidStore store = CidStore.Open(folder.Directory);
        using var channel = MessageChannel.Create(store, "telemetry", new ChannelOptions { IsOpen = true });
        using var listener = new HttpListener();
        int port = FreePort();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        Task flood = Task.Run(async () =>
        {
            HttpListenerContext context = await listener.GetContextAsync();
            context.Response.SendChunked = true;
            byte[] piece = new byte[1 << 20];
            try
            {
                for (int i = 0; i < 64; i++) await context.Response.OutputStream.WriteAsync(piece);
                context.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException)
            {
                // The client has gone away.
            }
        });
        using ChannelPeer peer = ServerChannels.Open($"http://127.0.0.1:{port}");
        ArrowCidException e = await Assert.ThrowsAsync<ArrowCidException>(() => channel.Sync.WithPeerAsync(peer));
        Assert.Equal(ErrorCode.Busy, e.Code);
        listener.Stop();
        await flood;
    }

    private static int FreePort()
    {
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetwork,
            System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static async Task<Cid> Publish(ServedStore served, string body)
    {
        using HttpResponseMessage answer = await Post(served.Owner, "/v1/channels/telemetry/messages", body);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return Cid.Parse(JsonDocument.Parse(await answer.Text()).RootElement.GetProperty("cid").GetString()!);
    }

    private static async Task<HttpResponseMessage> Post(HttpClient client, string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        return await client.PostAsync(new Uri(path, UriKind.Relative), content);
    }

    private static async Task<(string Cursor, JsonElement Message)> Next(StreamReader events)
    {
        string cursor = "";
        while (await events.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal)) cursor = line[4..];
            if (line.StartsWith("data: ", StringComparison.Ordinal)) return (cursor, JsonDocument.Parse(line[6..]).RootElement);
        }

        throw new EndOfStreamException();
    }
}
