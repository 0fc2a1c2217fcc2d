using System.Text.Json;
using ArrowCid.Flight.Grpc;
using ArrowCid.Ipc;
using ArrowCid.Parquet;
using ArrowCid.Server.Service;
using Grpc.Core;

namespace ArrowCid.Tests.Flight;

/// <summary>The action <c>export</c>.</summary>
public sealed class ExportActionTests : ServedStoreTests
{
    [Theory]
    [InlineData("parquet")]
    [InlineData("arrow")]
    [InlineData("car")]
    public async Task What_is_exported_comes_back_to_the_same_cids(string format)
    {
        Cid[] cids = [.. new[] { 3, 400_000, 5 }.Select(rows => Served.Store.Put(ServedStore.Sequence(rows, rows)).Cid)];
        Cid dataset = Served.Store.Datasets.Put(cids).Cid;
        byte[] file = await ExportAsync(dataset, format);
        if (format == "car") Assert.Equal(cids.ToHashSet(), CidsOf(format, file).ToHashSet());
        else Assert.Equal(cids, CidsOf(format, file));
        Assert.Equal([cids[0]], CidsOf(format, await ExportAsync(cids[0], format)));
    }

    [Fact]
    public async Task A_batch_as_arrow_is_its_block()
    {
        Cid cid = Served.Store.Put(ServedStore.Sequence(0, 7)).Cid;
        Assert.Equal(cid, Cid.Sha256(Multicodec.Raw, await ExportAsync(cid, "arrow")));
    }

    [Fact]
    public async Task What_cannot_be_exported_is_an_error_before_any_byte()
    {
        using var channel = new FlightChannel(Served.Flight);
        Cid here = Served.Store.Put(ServedStore.Sequence(0, 7)).Cid, absent = CanonicalBlock.CidOf(ServedStore.Sequence(9, 9));
        await Fails(StatusCode.NotFound, $"{absent}");
        await Fails(StatusCode.InvalidArgument, $$"""{"cid": "{{here}}", "format": "xlsx"}""");
        await Fails(StatusCode.InvalidArgument, """{"cid": "x"}""");
        await Fails(StatusCode.InvalidArgument, "{}");

        async Task Fails(StatusCode status, string body) => Assert.Equal(status,
            (await Assert.ThrowsAsync<RpcException>(() => FlightCall.ActAsync(channel, null, "export", body))).StatusCode);
    }

    private async Task<byte[]> ExportAsync(Cid cid, string format)
    {
        using var channel = new FlightChannel(Served.Flight);
        List<byte[]> results = await FlightCall.ActAsync(channel, null, "export",
            $$"""{"cid": "{{cid}}", "format": "{{format}}"}""");
        using JsonDocument about = JsonDocument.Parse(results[0]);
        Assert.StartsWith($"{cid}.", about.RootElement.GetProperty("fileName").GetString(), StringComparison.Ordinal);
        Assert.All(results[1..], piece => Assert.InRange(piece.Length, 1, ExportAction.Piece));
        byte[] file = [.. results[1..].SelectMany(piece => piece)];
        Assert.Equal(about.RootElement.GetProperty("bytes").GetInt64(), file.Length);
        return file;
    }

    private static IEnumerable<Cid> CidsOf(string format, byte[] file)
    {
        switch (format)
        {
            case "parquet":
                using (var reader = ParquetReader.Open(new MemoryStream(file)))
                {
                    while (reader.ReadView() is { } batch) yield return CanonicalBlock.CidOf(batch);
                }

                break;
            case "arrow":
                using (var reader = ArrowReader.Open(new MemoryStream(file)))
                {
                    while (reader.ReadView() is { } batch) yield return CanonicalBlock.CidOf(batch);
                }

                break;
            default:
                using (var folder = new Storage.TemporaryStore())
                using (CidStore other = CidStore.Open(folder.Directory, new CidStoreOptions { Capacity = 64 << 20 }))
                {
                    _ = other.Transfer.ImportCar(new MemoryStream(file));
                    foreach (Cid cid in other.List().Select(block => block.Cid)) yield return cid;
                }

                break;
        }
    }
}
