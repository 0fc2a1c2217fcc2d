using System.Text;
using System.Text.Json;
using ArrowCid.Flight.Grpc;
using ArrowCid.Server.Service;
using Grpc.Core;

namespace ArrowCid.Tests.Flight;

/// <summary>The action <c>find-missing</c>.</summary>
public sealed class MissingBlocksTests : ServedStoreTests
{
    [Fact]
    public async Task FindMissing_returns_what_is_missing_in_the_order_of_the_request()
    {
        var random = new Random(71);
        Cid[] cids = [.. Enumerable.Range(0, 3000).Select(i => Cid.Sha256(Multicodec.Raw, BitConverter.GetBytes(i)))];
        Cid[] here = [.. Enumerable.Range(1, 20).Select(i => Served.Store.Put(ServedStore.Numbers(i)).Cid)];
        Cid[] asked = [.. cids, .. here];
        random.Shuffle(asked);
        Cid[] expected = [.. asked.Except(here)];
        Assert.Equal(expected, await Missing(JsonSerializer.Serialize(new { other = new[] { 1 }, cids = asked.Select(cid => $"{cid}") })));
        Assert.Empty(await Missing(JsonSerializer.Serialize(new { cids = here.Select(cid => $"{cid}"), after = new { a = 1 } })));
        Assert.Empty(await Missing("""{"cids": []}"""));
        // An escape, and a version 0 CID whose text is shorter.
        Cid old = Cid.Parse("QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG");
        Assert.Equal([cids[0], old], await Missing($$"""{"cids": ["\u0062{{$"{cids[0]}"[1..]}}", "{{old}}", "{{here[0]}}"]}"""));
    }

    [Theory]
    [InlineData("""{"cids": ["bafk"]}""")]
    [InlineData("""{"cids": [7]}""")]
    [InlineData("""{"cids": ["\ud800"]}""")]
    [InlineData("""{"cids": null}""")]
    [InlineData("""{"cids": {}}""")]
    [InlineData("{}")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"cids": [], "cids": []}""")]
    [InlineData("""{"cids": []} x""")]
    [InlineData("""{"cids": []""")]
    [InlineData("""{"cids": [""")]
    [InlineData("""{"cids": [], "other": [""")]
    [InlineData("""{"\ud800": 1, "cids": []}""")]
    public async Task FindMissing_refuses_a_request_that_is_not_a_list_of_CIDs(string body)
    {
        using var channel = new FlightChannel(Served.Flight);
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(() => FlightCall.ActAsync(channel, null, "find-missing", body));
        Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
    }

    [Fact]
    public void FindMissing_of_16_MiB_allocates_no_more_than_its_answer_and_a_little()
    {
        const int Count = 260_000, Little = 2 << 20;
        var text = new StringBuilder("{\"cids\": [");
        for (int i = 0; i < Count; i++) _ = text.Append(i == 0 ? "\"" : ",\"").Append(Cid.Sha256(Multicodec.Raw, BitConverter.GetBytes(i))).Append('"');
        byte[] body = Encoding.ASCII.GetBytes(text.Append("]}").ToString());
        _ = MissingBlocks.Answer(Served.Store, body.AsSpan(0, body.Length)).Length;
        long before = GC.GetAllocatedBytesForCurrentThread();
        int answer = MissingBlocks.Answer(Served.Store, body).Length;
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.InRange(answer, body.Length - 10, body.Length + 10);
        Assert.InRange(allocated, answer, answer + Little);
    }

    private async Task<Cid[]> Missing(string body)
    {
        using var channel = new FlightChannel(Served.Flight);
        byte[] answer = Assert.Single(await FlightCall.ActAsync(channel, null, "find-missing", body));
        using JsonDocument json = JsonDocument.Parse(answer);
        return [.. json.RootElement.GetProperty("missing").EnumerateArray().Select(cid => Cid.Parse(cid.GetString()!))];
    }
}
