using System.Diagnostics;
using System.Globalization;
using ArrowCid.Client;
using ArrowCid.Columnar;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.Storage;
using Google.Protobuf;
using Grpc.Core;
using Xunit.Abstractions;
using FlightAction = ArrowCid.Flight.Protocol.Action;

namespace ArrowCid.ProcessTests.Flight;

/// <summary>Clients that wait, stall and vanish, and a server that is told to end meanwhile.</summary>
public sealed class FlightFaultTests(ITestOutputHelper output)
{
    private const string Service = "/arrow.flight.protocol.FlightService/";

    [Fact]
    public async Task Two_thousand_idle_watchers_take_little_memory_and_hear_of_a_put()
    {
        const int Watchers = 2000;
        const long MostBytes = 64L << 10;
        using ServedStore served = ServedStore.Start();
        using CidStore store = CidStore.Open(served.Directory);
        using var channel = new FlightChannel(new Uri(served.Flight));
        var calls = new List<RawCall>();
        try
        {
            // What the first ones need is the server's own warming up.
            await Add(200);
            long before = AnonymousBytes(served.ProcessId);
            await Add(Watchers - 200);
            long each = (AnonymousBytes(served.ProcessId) - before) / (Watchers - 200);
            Assert.True(each <= MostBytes, $"a watcher takes {each} bytes");
            Cid cid = store.Put(Numbers(0, 3)).Cid;
            foreach (RawCall call in calls)
                Assert.Contains($"{cid}", await Next(call), StringComparison.Ordinal);
        }
        finally
        {
            foreach (RawCall call in calls) call.Dispose();
        }

        Assert.Equal(0, served.Terminate());

        async Task Add(int count)
        {
            for (int i = 0; i < count; i++)
            {
                RawCall call = await Get(channel, served, """{"watch": true, "heartbeatSeconds": 3600}""");
                calls.Add(call);
                // The schema and the empty batch.
                _ = await Next(call);
                _ = await Next(call);
            }
        }
    }

    [Fact]
    public async Task A_reader_that_stalls_and_goes_frees_its_lease_and_costs_little_meanwhile()
    {
        const int Readers = 16, MostEach = 2 << 20;
        using ServedStore served = ServedStore.Start();
        using CidStore store = CidStore.Open(served.Directory);
        Cid cid = store.Put(Numbers(0, 8 << 20)).Cid;
        string segment = Assert.Single(store.Diagnostics.GetSegments(), each => each.BytesUsed > 60 << 20).Name;
        Assert.False(Holds());
        long before = AnonymousBytes(served.ProcessId);
        FlightChannel[] channels =
            [.. Enumerable.Range(0, Readers).Select(_ => new FlightChannel(new Uri(served.Flight)))];
        var calls = new List<RawCall>();
        foreach (FlightChannel channel in channels)
        {
            calls.Add(await Get(channel, served, $"{cid}"));
            _ = await Next(calls[^1]);
        }

        Assert.True(Holds());
        using var http = new HttpClient { BaseAddress = new Uri(served.Http) };
        http.DefaultRequestHeaders.Authorization = new("Bearer", served.Token);
        Assert.Equal(Readers, await Running());
        long taken = AnonymousBytes(served.ProcessId) - before;
        Assert.True(taken <= (long)Readers * MostEach, $"{Readers} stalled readers take {taken} bytes");
        long gone = Stopwatch.GetTimestamp();
        foreach (RawCall call in calls) call.Dispose();
        foreach (FlightChannel channel in channels) channel.Dispose();
        await Until("the calls did not end", async () => await Running() == 0);
        output.WriteLine($"{Readers} calls and their leases ended within {Stopwatch.GetElapsedTime(gone).TotalMilliseconds:0} ms");
        // A segment that nobody uses is unmapped some seconds later, or as soon as somebody needs room.
        await Until("the segment stays held", () => Task.FromResult(!Holds()));
        output.WriteLine($"the segment was let go after {Stopwatch.GetElapsedTime(gone).TotalMilliseconds:0} ms");

        // What a call leases it lets go before it counts as ended.
        async Task<int> Running()
        {
            const string Name = "arrowcid_running{protocol=\"flight\"} ";
            string line = (await http.GetStringAsync("/metrics")).Split('\n').Single(each => each.StartsWith(Name,
                StringComparison.Ordinal));
            return int.Parse(line[Name.Length..], CultureInfo.InvariantCulture);
        }

        bool Holds() => store.Diagnostics.GetSegments().Any(each => each.Name == segment &&
            each.HeldBy.Contains(served.ProcessId));
    }

    [Fact]
    public async Task A_server_that_is_told_to_end_ends_its_streams_and_a_watcher_goes_on_with_the_next()
    {
        using ServedStore served = ServedStore.Start();
        using CidStore store = CidStore.Open(served.Directory);
        Cid large = store.Put(Numbers(0, 8 << 20)).Cid;
        using (var channel = new FlightChannel(new Uri(served.Flight)))
        {
            RawCall watcher = await Get(channel, served, """{"watch": true}""");
            RawCall stalled = await Get(channel, served, $"{large}");
            _ = await Next(watcher);
            _ = await Next(watcher);
            _ = await Next(stalled);
            var begun = new TaskCompletionSource();
            Task<RawCall> put = HangingPut(channel, served, begun);
            await begun.Task;
            Assert.Equal(0, served.Terminate());
            var e = await Assert.ThrowsAsync<RpcException>(() => Next(watcher));
            Assert.Equal(StatusCode.Unavailable, e.StatusCode);
            string cursor = e.Status.Detail[e.Status.Detail.IndexOf("c1.", StringComparison.Ordinal)..];
            Cid missed = store.Put(Numbers(7, 5)).Cid;
            served.Begin();
            using var client = new CidClient(new Uri(served.Flight), new CidClientOptions { Token = served.Token });
            await foreach (StoreEvent heard in client.WatchAsync(Cursor.Parse(cursor)))
            {
                Assert.Equal(missed, heard.Cid);
                break;
            }

            _ = await Assert.ThrowsAnyAsync<Exception>(async () => await Next(await put));
        }

        Assert.Equal(0, served.Terminate());
    }

    /// <summary>A watcher, a reader that stalls, an export, a put that does not go on and one after the other that
    /// does: all at once when the server is told to end.</summary>
    [Fact]
    public async Task A_server_at_work_ends_in_order_loses_nothing_and_leaves_nothing_to_mend()
    {
        using ServedStore served = ServedStore.Start();
        Cid large;
        using (CidStore store = CidStore.Open(served.Directory)) large = store.Put(Numbers(0, 8 << 20)).Cid;
        using var channel = new FlightChannel(new Uri(served.Flight));
        using var other = new FlightChannel(new Uri(served.Flight));
        RawCall watcher = await Get(channel, served, """{"watch": true}""");
        _ = await Next(watcher);
        RawCall stalled = await Get(channel, served, $"{large}");
        _ = await Next(stalled);
        var begun = new TaskCompletionSource();
        Task<RawCall> hanging = HangingPut(other, served, begun);
        await begun.Task;
        var acknowledged = new System.Collections.Concurrent.ConcurrentQueue<Cid>();
        Task producer = Produce(served, acknowledged);
        Assert.True(SpinWait.SpinUntil(() => acknowledged.Count > 20 || producer.IsCompleted, TimeSpan.FromMinutes(2)));
        var exporting = new FlightAction
        {
            Type = "export",
            Body = ByteString.CopyFromUtf8($$"""{"cid": "{{large}}", "format": "parquet"}"""),
        };
        Task<RawCall> export = RawCall.OpenAsync(other, Service + "DoAction", served.Token,
            async (writer, cancel) => await writer.WriteAsync(exporting, cancel));
        long started = Stopwatch.GetTimestamp();
        Assert.Equal(0, served.Terminate());
        output.WriteLine($"ended in {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms, " +
            $"with {acknowledged.Count} puts acknowledged");
        string log = served.Log;
        output.WriteLine(log);
        int before = -1;
        foreach (string step in new[] { "nothing new", "listeners", "maintenance", "the index", "the store" })
        {
            int at = log.IndexOf($"ending: {step}", StringComparison.Ordinal);
            Assert.True(at > before, $"'{step}' is not said in its turn: {log}");
            before = at;
        }

        await producer;
        _ = await Assert.ThrowsAnyAsync<Exception>(async () => await Next(await hanging));
        // An export that was done by then has its file.
        _ = await Record.ExceptionAsync(async () => await Next(await export));
        using CidStore after = CidStore.Open(served.Directory);
        Assert.Empty(after.Maintenance.Reap(dryRun: true));
        Assert.DoesNotContain(after.Blocks.Examination.Examine(), finding => finding.Severity > FindingSeverity.Note);
        Assert.All(acknowledged,
            cid => Assert.True(after.Diagnostics.Verify(cid)?.IsIntact, $"{cid} was acknowledged"));
    }

    /// <summary>Puts until the server is gone.</summary>
    private static async Task Produce(ServedStore served,
        System.Collections.Concurrent.ConcurrentQueue<Cid> acknowledged)
    {
        using var client = new CidClient(new Uri(served.Flight), new CidClientOptions { Token = served.Token });
        try
        {
            for (int i = 0; ; i++) acknowledged.Enqueue((await client.PutAsync(Numbers(i, 100))).Cid);
        }
        catch (Exception e) when (e is ArrowCidException or IOException or RpcException or HttpRequestException)
        {
            // It has ended.
        }
    }

    private static RecordBatch Numbers(int start, int count) => RecordBatch.Of(
        ("n", ArrowArray.From<long>(Enumerable.Range(start, count).Select(i => (long)i).ToArray())));

    /// <summary>A put that begins and does not go on.</summary>
    private static Task<RawCall> HangingPut(FlightChannel channel, ServedStore served,
        TaskCompletionSource begun) => RawCall.OpenAsync(channel, Service + "DoPut", served.Token,
        async (writer, cancel) =>
    {
        var descriptor = new FlightDescriptor { Path = { "put" } };
        await writer.WriteAsync(new FlightData { FlightDescriptor = descriptor }, cancel);
        await writer.FlushAsync(cancel);
        begun.SetResult();
        await new TaskCompletionSource().Task.WaitAsync(cancel);
    });

    private static Task<RawCall> Get(FlightChannel channel, ServedStore served, string ticket)
    {
        var message = new Ticket { Ticket_ = ByteString.CopyFromUtf8(ticket) };
        return RawCall.OpenAsync(channel, Service + "DoGet", served.Token,
            async (writer, cancel) => await writer.WriteAsync(message, cancel));
    }

    /// <summary>The next message as text, as far as it is some.</summary>
    private static async Task<string> Next(RawCall call)
    {
        if (!await call.NextAsync()) throw new InvalidOperationException("the stream has ended");
        return System.Text.Encoding.Latin1.GetString(call.Message);
    }

    private static async Task Until(string otherwise, Func<Task<bool>> holds)
    {
        DateTime end = DateTime.UtcNow + TimeSpan.FromMinutes(1);
        while (!await holds()) Assert.True(DateTime.UtcNow < end, otherwise);
    }

    private static long AnonymousBytes(int process)
    {
        const string Field = "RssAnon:";
        string line = File.ReadLines($"/proc/{process}/status").First(each => each.StartsWith(Field,
            StringComparison.Ordinal));
        string number = line[Field.Length..].Replace("kB", "", StringComparison.Ordinal).Trim();
        return long.Parse(number, CultureInfo.InvariantCulture) << 10;
    }
}
