using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Service;
using ArrowCid.Ipc;
using ArrowCid.ProcessTests.Flight;
using ArrowCid.Server;
using Grpc.Core;

namespace ArrowCid.Tests.Flight.Access;

/// <summary>The audit trail of a server: the subject of each caller, over HTTP and Flight.</summary>
[SuppressMessage("Design", "CA1001", Justification = "DisposeAsync, which xunit calls, disposes of the fields.")]
public sealed class ServedAuditTests : IAsyncLifetime
{
    private const string Alice = "alice-token-0123456789", Bob = "bob-token-0123456789";

    private ServedStore _served = null!;
    private FlightChannel _channel = null!;

    public async Task InitializeAsync()
    {
        _served = await ServedStore.Start(served =>
        {
            string file = Path.Combine(served.Directory, "tokens");
            File.WriteAllText(file, $"alice put sha256:{Hash(Alice)}\nbob admin sha256:{Hash(Bob)}\n");
            return new CidServerOptions { Flight = ServedStore.Any, Http = ServedStore.Any, TokenFile = file };
        });
        _channel = new FlightChannel(_served.Flight);

        static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
    }

    public async Task DisposeAsync()
    {
        _channel.Dispose();
        await _served.DisposeAsync();
    }

    [Fact]
    public async Task Every_change_over_HTTP_and_Flight_is_recorded_with_its_caller_and_exported()
    {
        using HttpClient alice = _served.Connect(Alice), bob = _served.Connect(Bob);
        using (HttpResponseMessage put = await alice.PostAsync("/v1/blocks?name=a", new StringContent("n\n1\n", Encoding.UTF8, "text/csv")))
            Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Cid first = _served.Store.Names.Resolve("a")!.Value;
        byte[] bytes = "some bytes"u8.ToArray();
        Cid raw = Cid.Sha256(Multicodec.Raw, bytes);
        using (HttpResponseMessage put = await alice.PutAsync($"/v1/blocks/{raw}", new ByteArrayContent(bytes)))
            Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        await PutOverFlight(Bob, "b");
        Cid second = _served.Store.Names.Resolve("b")!.Value;
        foreach (string path in new[] { "/v1/names/a", $"/v1/blocks/{raw}" })
        {
            using HttpResponseMessage deleted = await bob.DeleteAsync(path);
            Assert.True(deleted.IsSuccessStatusCode, await deleted.Content.ReadAsStringAsync());
        }

        // Without a caller nothing is recorded.
        _ = _served.Store.Put(ServedStore.Numbers(77));
        (string, string, string?, string?)[] expected =
        [
            ("alice", "put", $"{first}", null), ("alice", "setName", $"{first}", "a"), ("alice", "put", $"{raw}", null),
            ("bob", "put", $"{second}", null), ("bob", "setName", $"{second}", "b"), ("bob", "removeName", null, "a"),
            ("bob", "remove", $"{raw}", null),
        ];
        Assert.Equal(expected, await Lines(bob, ""));
        Assert.Equal(expected.Where(row => row.Item1 == "alice"), await Lines(bob, "?subject=alice"));
        Assert.Empty(await Lines(bob, "?until=2001-01-01"));
        Assert.Equal(expected, await Lines(bob, "?from=2001-01-01"));
        byte[] table = await bob.GetByteArrayAsync("/v1/audit?format=arrow");
        using (ArrowReader reader = ArrowReader.Open(table))
        {
            var batches = new List<RecordBatch>();
            while (reader.ReadView() is { } batch) batches.Add(batch);
            Assert.Equal(expected, Rows(batches));
        }

        Assert.Equal(expected, Rows(await OverFlight("""["audit"]""")));
        Assert.Equal(expected.Where(row => row.Item1 == "bob"), Rows(await OverFlight("""["audit", "bob"]""")));
        Assert.Empty(Rows(await OverFlight("""{"audit": {"subject": "bob", "until": "2001-01-01"}}""")));
        using HttpResponseMessage denied = await alice.GetAsync("/v1/audit");
        Assert.Equal(HttpStatusCode.Forbidden, denied.StatusCode);
        using HttpResponseMessage wrong = await bob.GetAsync("/v1/audit?from=soon");
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
    }

    private async Task PutOverFlight(string token, string name)
    {
        using RawCall call = await FlightCall.OpenAsync(_channel, FlightCall.Service + "DoPut", token,
            (writer, cancel) => FlightCall.SendAsync(writer, ServedStore.Numbers(4), FlightCall.Path("put", name), cancel));
        _ = await FlightCall.MessagesAsync(call);
    }

    private async Task<List<RecordBatch>> OverFlight(string ticket)
    {
        using AsyncServerStreamingCall<FlightMessage> call = FlightCall.Get(_channel, ticket, Bob);
        using var batches = new FlightBatches();
        var found = new List<RecordBatch>();
        while (await call.ResponseStream.MoveNext())
        {
            if (batches.Take(call.ResponseStream.Current.Data) is { } batch) found.Add(batch);
        }

        return found;
    }

    private static async Task<(string, string, string?, string?)[]> Lines(HttpClient client, string query)
    {
        string text = await client.GetStringAsync($"/v1/audit{query}");
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
        {
            JsonElement entry = JsonSerializer.Deserialize<JsonElement>(line);
            Assert.True(entry.GetProperty("time").GetDateTimeOffset() > DateTimeOffset.UnixEpoch);
            return (entry.GetProperty("subject").GetString()!, entry.GetProperty("action").GetString()!,
                entry.GetProperty("cid").GetString(), entry.GetProperty("name").GetString());
        })];
    }

    private static (string, string, string?, string?)[] Rows(IEnumerable<RecordBatch> batches) => batches.SelectMany(batch =>
        Enumerable.Range(0, batch.Length).Select(row => (Text(batch, "subject", row)!, Text(batch, "action", row)!,
            Text(batch, "cid", row), Text(batch, "name", row)))).ToArray();

    private static string? Text(RecordBatch batch, string column, int row) => batch.Column(column).GetString(row);
}
