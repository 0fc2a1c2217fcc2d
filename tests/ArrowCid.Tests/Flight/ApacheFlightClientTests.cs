using System.Text;
using System.Text.Json;
using Apache.Arrow;
using Apache.Arrow.Flight;
using Apache.Arrow.Flight.Client;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using ArrowCid.Ipc;
using Grpc.Core;
using Grpc.Net.Client;
using RecordBatch = Apache.Arrow.RecordBatch;
using Schema = Apache.Arrow.Schema;

namespace ArrowCid.Tests.Flight;

/// <summary>The stock client of Apache.Arrow.Flight against our server.</summary>
public sealed class ApacheFlightClientTests : ServedStoreTests
{
    private Metadata Token => new() { { "authorization", $"Bearer {Served.Token}" } };

    [Fact]
    public async Task Apache_client_reads_the_batch_when_the_ticket_is_its_CID()
    {
        Cid cid = Served.Store.Put(ServedStore.Numbers(10_000)).Cid;
        using GrpcChannel channel = Connect();
        using FlightRecordBatchStreamingCall call = new FlightClient(channel).GetStream(Ticket(cid));
        Assert.True(await call.ResponseStream.MoveNext());
        using RecordBatch batch = call.ResponseStream.Current;
        Assert.Equal(10_000, batch.Length);
        Assert.Equal(9_999 * 7919L, ((Int64Array)batch.Column("n")).GetValue(9_999));
        Assert.Equal(cid, CidOf(batch));
        Assert.False(await call.ResponseStream.MoveNext());
    }

    [Fact]
    public async Task Apache_client_puts_a_batch_and_finds_it_in_the_list()
    {
        using GrpcChannel channel = Connect();
        var client = new FlightClient(channel);
        using RecordBatch batch = Prices();
        FlightRecordBatchDuplexStreamingCall put =
            await client.StartPut(FlightDescriptor.CreatePathDescriptor("put"), batch.Schema, Token);
        using (put)
        {
            await put.RequestStream.WriteAsync(batch);
            await put.RequestStream.CompleteAsync();
            Assert.True(await put.ResponseStream.MoveNext());
            using var ack = JsonDocument.Parse(put.ResponseStream.Current.ApplicationMetadata.Memory);
            Assert.Equal(CidOf(batch).ToString(), ack.RootElement.GetProperty("cid").GetString());
        }

        var found = new List<string>();
        await foreach (FlightInfo info in client.ListFlights(null, Token).ResponseStream.ReadAllAsync())
            found.Add(Encoding.UTF8.GetString(info.Endpoints[0].Ticket.Ticket.Span));
        Assert.Equal([CidOf(batch).ToString()], found);
        Assert.Equal(CidOf(batch), Assert.Single(Served.Store.List()).Cid);
    }

    [Fact]
    public async Task Apache_client_is_refused_when_it_puts_or_lists_without_a_token()
    {
        using GrpcChannel channel = Connect();
        var client = new FlightClient(channel);
        var listed = await Assert.ThrowsAsync<RpcException>(() =>
            client.ListFlights().ResponseStream.MoveNext());
        Assert.Equal(StatusCode.Unauthenticated, listed.StatusCode);
        var put = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            using RecordBatch batch = Prices();
            using FlightRecordBatchDuplexStreamingCall call =
                await client.StartPut(FlightDescriptor.CreatePathDescriptor("put"), batch.Schema);
            await call.RequestStream.WriteAsync(batch);
            await call.RequestStream.CompleteAsync();
            _ = await call.ResponseStream.MoveNext();
        });
        Assert.Equal(StatusCode.Unauthenticated, put.StatusCode);
        Assert.Empty(Served.Store.List());
    }

    [Fact]
    public async Task Apache_client_gets_NotFound_when_the_block_is_absent()
    {
        Cid cid = CanonicalBlock.CidOf(ServedStore.Sequence(0, 3));
        using GrpcChannel channel = Connect();
        using FlightRecordBatchStreamingCall call = new FlightClient(channel).GetStream(Ticket(cid));
        var e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext());
        Assert.Equal(StatusCode.NotFound, e.StatusCode);
        Assert.Contains(cid.ToString(), e.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apache_client_reads_each_batch_when_the_path_is_the_name_of_a_dataset()
    {
        Cid[] cids = [.. Enumerable.Range(0, 3).Select(i => Served.Store.Put(ServedStore.Sequence(i * 100, 100)).Cid)];
        Cid dataset = Served.Store.Datasets.Put(cids).Cid;
        _ = Served.Store.Names.Set("trips", dataset);
        using GrpcChannel channel = Connect();
        var client = new FlightClient(channel);
        FlightInfo info = await client.GetInfo(FlightDescriptor.CreatePathDescriptor("trips"), Token);
        Assert.Equal(300, info.TotalRecords);
        long sum = 0;
        foreach (FlightEndpoint endpoint in info.Endpoints)
        {
            using FlightRecordBatchStreamingCall call = client.GetStream(endpoint.Ticket, Token);
            await foreach (RecordBatch batch in call.ResponseStream.ReadAllAsync())
                sum += ((Int64Array)batch.Column("n")).Values.ToArray().Sum();
        }

        Assert.Equal(299 * 300 / 2, sum);
    }

    private GrpcChannel Connect() => GrpcChannel.ForAddress(Served.FlightHttp,
        new GrpcChannelOptions { MaxReceiveMessageSize = null });

    private static FlightTicket Ticket(Cid cid) => new(cid.ToString());

    private static RecordBatch Prices()
    {
        var schema = new Schema([new Field("px", DoubleType.Default, false), new Field("sym", StringType.Default, true)],
            null);
        return new RecordBatch(schema,
            [
                new DoubleArray.Builder().AppendRange([101.5, 101.75, 101.25]).Build(),
                new StringArray.Builder().Append("ABC").AppendNull().Append("é").Build(),
            ], 3);
    }

    /// <summary>The CID of a batch as Apache's own writer writes it.</summary>
    private static Cid CidOf(RecordBatch batch)
    {
        using var memory = new MemoryStream();
        using (var writer = new ArrowStreamWriter(memory, batch.Schema, leaveOpen: true))
        {
            writer.WriteRecordBatch(batch);
            writer.WriteEnd();
        }

        return CanonicalBlock.CidOf(ArrowReader.Open(memory.ToArray()).ReadView()!);
    }
}
