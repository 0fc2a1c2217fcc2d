using System.Net;
using System.Net.Http.Headers;
using ArrowCid.Columnar;
using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Flight;

/// <summary><c>serve --cache</c> and <c>serve --role</c>.</summary>
public class CachingServerTests
{
    [Fact]
    public async Task Server_fetches_what_left_and_keeps_it()
    {
        using var elsewhere = new TemporaryFolder();
        using ServedStore served = ServedStore.Start("--cache", "1MiB", "--role", "cache", "--maintenance", "off");
        using CidStore store = CidStore.Open(served.Directory);
        store.Places.Add(new BlockPlace { Name = "cold", Location = elsewhere.PathOf("cold") + "/" });
        Cid[] batches = [.. Enumerable.Range(0, 3).Select(i => store.Put(RecordBatch.Of(("n", ArrowArray.From<long>(new long[100 + i])))).Cid)];
        Cid dataset = store.Datasets.Put(batches).Cid;
        _ = store.Places.Copy([dataset], "cold");
        Assert.Equal(3, store.Places.Drop([dataset]).Removed.Count);
        using var client = new HttpClient { BaseAddress = new Uri(served.Http) };
        byte[] block = await client.GetByteArrayAsync($"/ipfs/{batches[0]}?format=raw");
        Assert.Equal(batches[0], Cid.Sha256(Multicodec.Raw, block));
        Assert.True(store.Contains(batches[0]));
        Assert.False(store.Contains(batches[1]));
        byte[] all = await client.GetByteArrayAsync($"/v1/blocks/{dataset}?format=arrow");
        Assert.NotEmpty(all);
        Assert.All(batches, cid => Assert.True(store.Contains(cid)));
        using HttpResponseMessage missing = await client.GetAsync($"/ipfs/{Cid.Sha256(Multicodec.Raw, [9])}?format=raw");
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Equal(1 << 20, store.Places.Cache.GetSettings()!.MaxBytes);
    }

    [Theory]
    [InlineData("full", true)]
    [InlineData("cache", false)]
    [InlineData("reader", false)]
    public async Task Role_decides_whether_callers_may_put(string role, bool isAllowed)
    {
        Cid cid = default;
        using ServedStore served = ServedStore.StartOver(directory =>
        {
            using CidStore store = CidStore.Open(directory);
            cid = store.PutRaw("known"u8.ToArray()).Cid;
        }, "--role", role);
        using var client = new HttpClient { BaseAddress = new Uri(served.Http) };
        // A reader writes no token either.
        Assert.Equal(role != "reader", File.Exists(Path.Combine(served.Directory, "serve.token")));
        if (role != "reader") client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", served.Token);
        byte[] stream = File.ReadAllBytes(Path.Combine(Command.Data, "vectors/v1.arrows"));
        using var content = new ByteArrayContent(stream);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/vnd.apache.arrow.stream");
        using HttpResponseMessage put = await client.PostAsync("/v1/blocks", content);
        string answer = await put.Content.ReadAsStringAsync();
        Assert.True(isAllowed ? put.IsSuccessStatusCode : put.StatusCode == HttpStatusCode.Forbidden, answer);
        if (!isAllowed) Assert.Contains("the role of this server", answer, StringComparison.Ordinal);
        Assert.Equal("known"u8.ToArray(), await client.GetByteArrayAsync($"/ipfs/{cid}?format=raw"));
    }
}
