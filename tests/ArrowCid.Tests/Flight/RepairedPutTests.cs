using System.Net;
using System.Text;
using System.Text.Json;
using ArrowCid.Client;
using ArrowCid.Columnar;
using ArrowCid.Flight.Grpc;
using ArrowCid.ProcessTests.Flight;

namespace ArrowCid.Tests.Flight;

/// <summary>Puts that replace a damaged stored copy say so.</summary>
public sealed class RepairedPutTests : ServedStoreTests
{
    [Fact]
    public async Task Flight_put_reports_that_it_repaired_the_block()
    {
        RecordBatch batch = ServedStore.Numbers(500);
        using CidClient client = Served.FlightClient();
        PutResult made = await client.PutAsync(batch);
        Damage(made.Cid);
        PutResult put = await client.PutAsync(batch);
        Assert.Equal((false, true), (put.IsNew, put.IsRepaired));
        PutResult again = await client.PutAsync(batch);
        Assert.Equal((false, false), (again.IsNew, again.IsRepaired));
        // A stored copy is compared once at a place; this is another block.
        RecordBatch other = ServedStore.Numbers(600);
        Damage((await client.PutAsync(other)).Cid);
        JsonElement ack = await PutAsJson(other);
        Assert.Equal((false, true), (ack.TryGetProperty("isNew", out JsonElement isNew) && isNew.GetBoolean(), ack.GetProperty("isRepaired").GetBoolean()));
    }

    [Fact]
    public async Task HTTP_put_reports_that_it_repaired_the_block()
    {
        foreach (bool isRepaired in new[] { false, true, false })
        {
            using var body = new StringContent("a\n1\n", Encoding.UTF8, "text/csv");
            using HttpResponseMessage put = await Served.Owner.PostAsync("/v1/blocks", body);
            using JsonDocument answer = JsonDocument.Parse(await put.Content.ReadAsStringAsync());
            JsonElement block = Assert.Single(answer.RootElement.GetProperty("blocks").EnumerateArray());
            Assert.Equal(isRepaired, block.GetProperty("isRepaired").GetBoolean());
            if (put.StatusCode == HttpStatusCode.Created) Damage(Cid.Parse(block.GetProperty("cid").GetString()!));
        }
    }

    private async Task<JsonElement> PutAsJson(RecordBatch batch)
    {
        using var channel = new FlightChannel(Served.Flight);
        using RawCall call = await FlightCall.OpenAsync(channel, FlightCall.Service + "DoPut", Served.Token,
            (writer, cancel) => FlightCall.SendAsync(writer, batch, FlightCall.Path("put"), cancel));
        byte[] answer = Assert.Single(await FlightCall.MessagesAsync(call));
        using JsonDocument json = JsonDocument.Parse(ArrowCid.Flight.Protocol.PutResult.Parser.ParseFrom(answer).AppMetadata.Memory);
        return json.RootElement.Clone();
    }

    /// <summary>Changes a bit of the stored block.</summary>
    private void Damage(Cid cid)
    {
        string location;
        int length;
        using (BatchLease lease = Served.Store.TryGet(cid)!) (location, length) = (lease.Location, lease.Block.Length);
        int plus = location.LastIndexOf('+');
        using var segment = new FileStream(location[..plus], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        segment.Position = long.Parse(location[(plus + 1)..], null) + (length / 2);
        int found = segment.ReadByte();
        segment.Position--;
        segment.WriteByte((byte)(found ^ 1));
    }
}
