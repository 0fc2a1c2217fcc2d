using System.Net;
using System.Net.Http.Headers;
using ArrowCid.Flight.Grpc;
using ArrowCid.Registry;
using ArrowCid.Signing;
using ArrowCid.Tests.Storage;
using ArrowCid.Transfer;
using Grpc.Core;

namespace ArrowCid.Tests.Flight.Http;

/// <summary>Signed statements in the files that a server writes and takes, and what it does with blocks that a trust
/// rule refuses.</summary>
public sealed class SignedFileTests : ServedStoreTests
{
    private readonly SigningKey _key = SigningKey.Create();

    [Theory]
    [InlineData("parquet")]
    [InlineData("car")]
    public async Task File_from_the_server_carries_the_statements_that_there_are_by_then(string format)
    {
        Cid cid = Served.Store.Put(ServedStore.Numbers(10)).Cid;
        Cid dataset = Served.Store.Datasets.Put([cid]).Cid;
        (byte[] plain, string before) = await Get(dataset, format);
        Assert.Equal(0, Count(plain, format));
        _ = Served.Store.Signatures.Sign(cid, _key);
        _ = Served.Store.Signatures.Sign(dataset, _key);
        (byte[] signed, string after) = await Get(dataset, format);
        Assert.NotEqual(before, after);
        Assert.Equal(2, Count(signed, format));
        (byte[] again, string unchanged) = await Get(dataset, format);
        Assert.Equal(signed, again);
        Assert.Equal(after, unchanged);
        using var channel = new FlightChannel(Served.Flight);
        List<byte[]> results = await FlightCall.ActAsync(channel, Served.Token, "export", $$"""{"cid": "{{dataset}}", "format": "{{format}}"}""");
        Assert.Equal(2, Count([.. results.Skip(1).SelectMany(bytes => bytes)], format));
    }

    [Fact]
    public async Task Parquet_file_that_is_posted_brings_its_statements_and_is_refused_where_one_is_broken()
    {
        using var folder = new TemporaryStore();
        using CidStore source = CidStore.Open(folder.Directory);
        Cid cid = source.Put(ServedStore.Numbers(10)).Cid;
        SignedStatement good = source.Signatures.Sign(cid, _key);
        byte[] signature = good.Signature.ToArray();
        signature[^1] ^= 1;
        using HttpResponseMessage refused = await Post(FileWith(SignedStatement.FromBytes(good.Block, signature)));
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains("invalidData", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False(Served.Store.Contains(cid));
        using HttpResponseMessage taken = await Post(FileWith(good));
        Assert.Equal(HttpStatusCode.Created, taken.StatusCode);
        Assert.Equal(SignatureState.Holds, Assert.Single(Served.Store.Signatures.Check(cid)).State);
        Assert.Equal([_key.Id], Served.Store.Metadata.Get(cid)!.Signers);

        byte[] FileWith(SignedStatement statement)
        {
            using var file = new MemoryStream();
            ParquetExport.Write([cid], each => source.Reading.TryGetProved(each)!.Hold(), file, statements: [statement]);
            return file.ToArray();
        }

        async Task<HttpResponseMessage> Post(byte[] file)
        {
            using var content = new ByteArrayContent(file);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/vnd.apache.parquet");
            return await Served.Owner.PostAsync("/v1/blocks", content);
        }
    }

    [Fact]
    public async Task Block_that_a_trust_rule_refuses_is_refused_over_Flight_and_HTTP_until_it_is_signed()
    {
        Cid cid = Served.Store.Put(ServedStore.Numbers(10)).Cid;
        _ = Served.Store.Names.Set("x", cid);
        Served.Store.Signatures.Trust.Add(new TrustRule { Key = _key.Id, Filter = "name = x", Policy = TrustPolicy.Refuse });
        string[] paths = [$"/ipfs/{cid}?format=raw", $"/ipfs/{cid}?format=car", $"/v1/blocks/{cid}", $"/v1/blocks/{cid}?format=csv",
            $"/v1/blocks/{cid}?format=parquet", $"/v1/blocks/{cid}?format=car", "/v1/datasets/x.parquet"];
        using var channel = new FlightChannel(Served.Flight);
        foreach (string path in paths) Assert.Equal((path, HttpStatusCode.Forbidden), (path, await StatusOf(path)));
        Assert.Equal(StatusCode.PermissionDenied, await Do("DoGet", FlightCall.Ticket($"{cid}")));
        Assert.Equal(StatusCode.PermissionDenied, await Do("DoGet", FlightCall.Ticket("""{"name": "x"}""")));
        foreach (string action in new[] { "get-block", "export" }) Assert.Equal(StatusCode.PermissionDenied, await Act(action));
        _ = Served.Store.Signatures.Sign(cid, _key);
        foreach (string path in paths) Assert.Equal((path, HttpStatusCode.OK), (path, await StatusOf(path)));
        Assert.Equal(StatusCode.OK, await Do("DoGet", FlightCall.Ticket($"{cid}")));
        foreach (string action in new[] { "get-block", "export" }) Assert.Equal(StatusCode.OK, await Act(action));

        Task<StatusCode> Do(string call, Google.Protobuf.IMessage message) =>
            FlightCall.StatusAsync(channel, FlightCall.Service + call, Served.Token, message);

        Task<StatusCode> Act(string action) => Do("DoAction", new ArrowCid.Flight.Protocol.Action
        {
            Type = action,
            Body = Google.Protobuf.ByteString.CopyFromUtf8($"{cid}"),
        });
    }

    private async Task<HttpStatusCode> StatusOf(string path)
    {
        using HttpResponseMessage answer = await Served.Owner.GetAsync(path);
        return answer.StatusCode;
    }

    private async Task<(byte[] Bytes, string Tag)> Get(Cid cid, string format)
    {
        using HttpResponseMessage answer = await Served.Owner.GetAsync($"/v1/blocks/{cid}?format={format}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (await answer.Content.ReadAsByteArrayAsync(), answer.Headers.ETag!.Tag);
    }

    /// <summary>The statements in a file, once they are proved.</summary>
    private static long Count(byte[] file, string format)
    {
        using var stream = new MemoryStream(file);
        if (format == "parquet") return ParquetImport.ReadStatements(stream).Count;
        using var folder = new TemporaryStore();
        using CidStore store = CidStore.Open(folder.Directory);
        return store.Transfer.ImportCar(stream).Statements;
    }
}
