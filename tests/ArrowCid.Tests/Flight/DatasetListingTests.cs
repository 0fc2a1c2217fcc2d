using System.Text.Json;
using ArrowCid.Client;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.ProcessTests.Flight;
using ArrowCid.Registry;
using Google.Protobuf;

namespace ArrowCid.Tests.Flight;

/// <summary>Datasets in the listings of Flight and HTTP.</summary>
public sealed class DatasetListingTests
{
    [Fact]
    public async Task ListFlights_gives_a_dataset_with_its_rows_schema_and_batches_when_there_is_one()
    {
        await using ServedStore served = await ServedStore.Start();
        Cid[] batches = [served.Store.Put(ServedStore.Numbers(10)).Cid, served.Store.Put(ServedStore.Numbers(20)).Cid];
        Cid dataset = served.Store.Datasets.Put(batches, new PutOptions { Name = "d" }).Cid;
        List<FlightInfo> all = await ListAsync(served, "");
        Assert.Equal(batches.Append(dataset).Select(cid => cid.ToString()).Order(StringComparer.Ordinal),
            all.Select(info => info.FlightDescriptor.Path[0]).Order(StringComparer.Ordinal));
        FlightInfo info = Assert.Single(await ListAsync(served, "kind = dataset and rows = 30"));
        Assert.Equal(dataset.ToString(), info.FlightDescriptor.Path[0]);
        Assert.Equal((30L, batches.Sum(cid => served.Store.Metadata.Get(cid)!.ByteLength)), (info.TotalRecords, info.TotalBytes));
        Assert.Equal(all.Single(each => each.FlightDescriptor.Path[0] == batches[0].ToString()).Schema, info.Schema);
        Assert.Equal(batches.Select(cid => cid.ToString()), info.Endpoint.Select(each => each.Ticket.Ticket_.ToStringUtf8()));
        JsonElement entry = JsonSerializer.Deserialize<JsonElement>(info.AppMetadata.Span);
        Assert.Equal(("dataset", 2, "d"), (entry.GetProperty("kind").GetString(), entry.GetProperty("batches").GetInt32(),
            entry.GetProperty("names")[0].GetString()));
        // A dataset of more batches than endpoints are given is one endpoint of its own.
        Cid large = served.Store.Datasets.Put([.. Enumerable.Repeat(batches[0], 257)]).Cid;
        FlightInfo one = Assert.Single(await ListAsync(served, "kind = dataset and rows > 30"));
        Assert.Equal((large.ToString(), 2570L), (Assert.Single(one.Endpoint).Ticket.Ticket_.ToStringUtf8(), one.TotalRecords));
    }

    [Fact]
    public async Task Client_lists_batches_alone_when_there_are_datasets()
    {
        await using ServedStore served = await ServedStore.Start();
        Cid batch = served.Store.Put(ServedStore.Numbers(10)).Cid;
        _ = served.Store.Datasets.Put([batch]);
        using var client = new CidClient(served.Flight, new CidClientOptions { Token = served.Token });
        foreach (Filter? filter in (Filter?[])[null, Filter.Parse("rows = 10 or rows = 11")])
        {
            var listed = new List<Cid>();
            await foreach (Cid cid in client.ListAsync(filter)) listed.Add(cid);
            Assert.Equal([batch], listed);
        }
    }

    [Fact]
    public async Task Http_lists_and_describes_a_dataset_when_there_is_one()
    {
        await using ServedStore served = await ServedStore.Start();
        Cid batch = served.Store.Put(ServedStore.Numbers(10)).Cid;
        Cid dataset = served.Store.Datasets.Put([batch, batch]).Cid;
        _ = served.Store.PutRaw("bytes"u8.ToArray());
        string[] lines = (await served.Owner.GetStringAsync("/v1/blocks")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        JsonElement[] entries = [.. lines.Select(line => JsonSerializer.Deserialize<JsonElement>(line))];
        Assert.Equal(["batch", "dataset"], entries.Select(entry => entry.GetProperty("kind").GetString()).Order());
        JsonElement info = JsonSerializer.Deserialize<JsonElement>(await served.Owner.GetStringAsync($"/v1/blocks/{dataset}/info"));
        Assert.Equal(("dataset", 20, 2, 2), (info.GetProperty("kind").GetString(), info.GetProperty("rows").GetInt32(),
            info.GetProperty("batches").GetInt32(), info.GetProperty("fields").GetArrayLength()));
        string found = await served.Owner.GetStringAsync("/v1/blocks?filter=kind%20%3D%20dataset");
        Assert.Contains(dataset.ToString(), Assert.Single(found.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    private static async Task<List<FlightInfo>> ListAsync(ServedStore served, string filter)
    {
        using var channel = new FlightChannel(served.Flight);
        using RawCall call = await FlightCall.OpenAsync(channel, FlightCall.Service + "ListFlights", served.Token,
            new Criteria { Expression = ByteString.CopyFromUtf8(filter) });
        return [.. (await FlightCall.MessagesAsync(call)).Select(bytes => FlightInfo.Parser.ParseFrom(bytes))];
    }
}
