using System.Diagnostics;
using ArrowCid.Columnar;
using ArrowCid.ProcessTests.Flight;
using Xunit.Abstractions;

namespace ArrowCid.ProcessTests.Hostile;

/// <summary>Small blocks whose answers are large: the server holds a part of each.</summary>
public sealed class LargeAnswerTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("csv")]
    [InlineData("json")]
    public async Task Text_of_large_values_is_sent_value_by_value(string format)
    {
        const int Rows = 4000, ValueBytes = 1 << 20;
        const long MostGrowth = 64L << 20;
        using ServedStore served = ServedStore.Start();
        using CidStore store = CidStore.Open(served.Directory);
        var text = new BytesBuilder();
        text.Append(new string('x', ValueBytes));
        var indices = new DictionaryType(ArrowType.Int8, ArrowType.Utf8);
        var column = new ArrowArray(indices, Rows, [default, new byte[Rows]], null, text.Build(), nullCount: 0);
        Cid cid = store.Put(new RecordBatch(new Schema(new Field("d", indices)), Rows, column)).Cid;
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using (HttpResponseMessage small = await http.GetAsync(new Uri(new Uri(served.Http), "/health"))) small.EnsureSuccessStatusCode();
        long before = ServerProcess.Resident(served.ProcessId);
        ServerProcess.ResetPeak(served.ProcessId);
        using HttpResponseMessage answer = await http.GetAsync(new Uri(new Uri(served.Http), $"/v1/blocks/{cid}?format={format}"),
            HttpCompletionOption.ResponseHeadersRead);
        using Stream body = await answer.Content.ReadAsStreamAsync();
        byte[] piece = new byte[ValueBytes];
        for (int i = 0; i < 16; i++) await body.ReadExactlyAsync(piece);
        long growth = ServerProcess.Peak(served.ProcessId) - before;
        output.WriteLine($"{growth >> 20} MiB more at most");
        Assert.InRange(growth, long.MinValue, MostGrowth);
    }

    [Fact]
    public async Task Readers_that_stall_hold_little_and_what_they_held_is_returned()
    {
        const int Readers = 400;
        using ServedStore served = ServedStore.Start();
        using CidStore store = CidStore.Open(served.Directory);
        Cid cid = store.Put(RecordBatch.Of(("n", ArrowArray.From<long>(new long[300_000])))).Cid;
        long before = ServerProcess.Resident(served.ProcessId);
        byte[] ticket = [0x0A, (byte)$"{cid}".Length, .. System.Text.Encoding.ASCII.GetBytes($"{cid}")];
        var calls = new List<HttpResponseMessage>();
        using (var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, InitialHttp2StreamWindowSize = 65535 }))
        {
            for (int i = 0; i < Readers; i++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Post,
                    new Uri(served.Flight.Replace("grpc://", "http://", StringComparison.Ordinal) + RawGrpc.Flight + "DoGet"))
                {
                    Version = System.Net.HttpVersion.Version20,
                    VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                    Content = new ByteArrayContent(RawGrpc.Frame(ticket)),
                };
                request.Content.Headers.ContentType = new("application/grpc");
                calls.Add(await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead));
            }

            long growth = ServerProcess.Resident(served.ProcessId) - before;
            output.WriteLine($"{Readers} readers: {growth >> 20} MiB more");
            Assert.InRange(growth, long.MinValue, 96L << 20);
            foreach (HttpResponseMessage call in calls) call.Dispose();
        }

        // The server returns it some seconds after the last call, when nothing else is asked of it.
        long started = Stopwatch.GetTimestamp();
        long left;
        while ((left = ServerProcess.Resident(served.ProcessId) - before) > 40L << 20)
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(2), $"{left >> 20} MiB are kept");
        output.WriteLine($"{left >> 20} MiB more after {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s");
    }
}
