using System.Globalization;
using System.Net;
using ArrowCid.Parquet;
using ArrowCid.Server.Access;
using ArrowCid.Server.Http;
using ArrowCid.Tests.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace ArrowCid.Tests.Flight.Http;

/// <summary>A dataset as one Parquet file, read by ranges.</summary>
public sealed class DatasetFileTests
{
    [Fact]
    public async Task Dataset_is_the_same_file_when_it_is_read_whole_or_by_ranges()
    {
        await using ServedStore served = await ServedStore.Start();
        Cid[] cids = [served.Store.Put(ServedStore.Numbers(1000)).Cid, served.Store.Put(ServedStore.Numbers(20_000)).Cid];
        Cid dataset = served.Store.Datasets.Put(cids).Cid;
        _ = served.Store.Names.Set("trips", dataset);
        const string Path = "/v1/datasets/trips.parquet";
        using HttpResponseMessage head = await served.Owner.Send("HEAD", Path);
        Assert.Equal((HttpStatusCode.OK, $"\"{dataset}.parquet\"", "bytes", $"/v1/datasets/{dataset}.parquet", "no-cache, private"),
            (head.StatusCode, head.Header("ETag"), head.Header("Accept-Ranges"), head.Header("Content-Location"), head.Header("Cache-Control")));
        Assert.Equal("application/vnd.apache.parquet", head.Header("Content-Type"));
        byte[] file = await served.Owner.GetByteArrayAsync(Path);
        Assert.Equal(head.Header("Content-Length"), file.Length.ToString(CultureInfo.InvariantCulture));
        using (ParquetReader reader = ParquetReader.Open(file)) Assert.Equal(cids, reader.ClaimedCids);
        var joined = new List<byte>();
        const int Step = 50_000;
        for (int at = 0; at < file.Length; at += Step)
        {
            using HttpResponseMessage part = await served.Owner.Send("GET", Path, ("Range", $"bytes={at}-{at + Step - 1}"));
            int last = Math.Min(at + Step, file.Length) - 1;
            Assert.Equal((HttpStatusCode.PartialContent, $"bytes {at}-{last}/{file.Length}"), (part.StatusCode, part.Header("Content-Range")));
            Assert.Equal(head.Header("ETag"), part.Header("ETag"));
            joined.AddRange(await part.Bytes());
        }

        Assert.Equal(file, joined);
        using HttpResponseMessage end = await served.Owner.Send("GET", Path, ("Range", "bytes=-8"));
        Assert.Equal(file[^8..], await end.Bytes());
        using HttpResponseMessage beyond = await served.Owner.Send("GET", Path, ("Range", $"bytes={file.Length}-"));
        Assert.Equal((HttpStatusCode.RequestedRangeNotSatisfiable, $"bytes */{file.Length}"), (beyond.StatusCode, beyond.Header("Content-Range")));
        using HttpResponseMessage known = await served.Owner.Send("GET", Path, ("If-None-Match", head.Header("ETag")));
        Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
        Assert.Equal(file, await served.Owner.GetByteArrayAsync($"/v1/datasets/{dataset}.parquet"));
        Assert.Equal(file, await served.Owner.GetByteArrayAsync($"/v1/blocks/{dataset}?format=parquet"));
    }

    [Fact]
    public async Task Dataset_has_the_same_bytes_on_another_server()
    {
        byte[][] files = new byte[2][];
        for (int i = 0; i < files.Length; i++)
        {
            await using ServedStore served = await ServedStore.Start();
            Cid dataset = served.Store.Datasets.Put([served.Store.Put(ServedStore.Numbers(5000)).Cid, served.Store.Put(ServedStore.Numbers(10)).Cid]).Cid;
            files[i] = await served.Owner.GetByteArrayAsync($"/v1/datasets/{dataset}.parquet");
        }

        Assert.Equal(files[0], files[1]);
    }

    [Fact]
    public async Task Range_is_the_whole_new_file_when_the_name_points_to_another_dataset_since()
    {
        await using ServedStore served = await ServedStore.Start();
        Cid first = served.Store.Datasets.Put([served.Store.Put(ServedStore.Numbers(100)).Cid]).Cid;
        Cid second = served.Store.Datasets.Put([served.Store.Put(ServedStore.Numbers(200)).Cid]).Cid;
        _ = served.Store.Names.Set("latest", first);
        const string Path = "/v1/datasets/latest.parquet";
        using HttpResponseMessage before = await served.Owner.Send("GET", Path, ("Range", "bytes=0-3"));
        Assert.Equal("PAR1", await before.Text());
        _ = served.Store.Names.Set("latest", second);
        using HttpResponseMessage after = await served.Owner.Send("GET", Path, ("Range", "bytes=4-7"), ("If-Range", before.Header("ETag")));
        Assert.Equal((HttpStatusCode.OK, $"\"{second}.parquet\""), (after.StatusCode, after.Header("ETag")));
        Assert.Equal(await served.Owner.GetByteArrayAsync($"/v1/datasets/{second}.parquet"), await after.Bytes());
        using HttpResponseMessage same = await served.Owner.Send("GET", Path, ("Range", "bytes=4-7"), ("If-Range", after.Header("ETag")));
        Assert.Equal(HttpStatusCode.PartialContent, same.StatusCode);
    }

    [Fact]
    public async Task File_is_kept_for_all_requests_and_closed_when_it_is_idle_for_five_minutes()
    {
        const int Requests = 16;
        await using ServedStore served = await ServedStore.Start();
        Cid dataset = served.Store.Datasets.Put([served.Store.Put(ServedStore.Numbers(20_000)).Cid]).Cid;
        var clock = new ManualClock();
        var gate = new AccessGate(new AccessSettings(), NullLogger.Instance);
        var guard = new Guard(gate, new ClientLimits(new LimitSettings(), TimeProvider.System));
        using var service = new HttpService(served.Store, guard, new OriginRules([], []), NullLogger.Instance, default) { Time = clock };
        var api = new GetApi(service);
        string[] lengths = await Task.WhenAll(Enumerable.Range(0, Requests).Select(async each =>
        {
            var context = new DefaultHttpContext();
            context.Request.RouteValues["cid"] = $"{dataset}";
            context.Request.QueryString = new QueryString(each % 2 == 0 ? "?format=parquet" : "?format=parquet&columns=n");
            context.Request.Method = "HEAD";
            context.Request.Headers.Range = $"bytes={each}-";
            await api.Get(context);
            return context.Response.Headers.ContentRange.ToString().Split('/')[1];
        }));
        // One file with all columns, and one with one.
        Assert.Equal((2, 2), (lengths.Distinct().Count(), service.Files.Count));
        Assert.Equal(lengths.Distinct().Sum(long.Parse), service.Files.Bytes);
        clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal((0, 0), (service.Files.Count, service.Files.Bytes));
    }

    [Theory]
    [InlineData("plain", "/v1/datasets/plain.parquet")]
    [InlineData("a/b", "/v1/datasets/a/b.parquet")]
    [InlineData("a/b", "/v1/datasets/a%2Fb.parquet")]
    [InlineData("tägüt", "/v1/datasets/t%C3%A4g%C3%BCt.parquet")]
    [InlineData("one.parquet", "/v1/datasets/one.parquet.parquet")]
    public async Task Name_may_have_slashes_and_letters_beyond_ASCII(string name, string path)
    {
        await using ServedStore served = await ServedStore.Start();
        Cid batch = served.Store.Put(ServedStore.Numbers(10)).Cid;
        _ = served.Store.Names.Set(name, batch);
        using HttpResponseMessage answer = await served.Owner.Send("GET", path);
        Assert.Equal((HttpStatusCode.OK, $"\"{batch}.parquet\""), (answer.StatusCode, answer.Header("ETag")));
    }

    [Fact]
    public async Task Request_is_refused_with_the_error_of_the_API_when_there_is_no_such_file()
    {
        await using ServedStore served = await ServedStore.Start();
        Cid batch = served.Store.Put(ServedStore.Numbers(10)).Cid;
        _ = served.Store.Names.Set("raw", served.Store.PutRaw(new byte[] { 1, 2, 3 }).Cid);
        _ = served.Store.Names.Set("numbers", batch);
        foreach ((string path, int status) in new[]
        {
            ("/v1/datasets/nothing.parquet", 404), ("/v1/datasets/numbers.csv", 404), ("/v1/datasets/numbers", 404),
            ($"/v1/datasets/{Cid.Sha256(Multicodec.Raw, [9])}.parquet", 404), ("/v1/datasets/numbers.parquet?format=car", 400),
            ("/v1/datasets/numbers.parquet?columns=none", 400), ("/v1/datasets/numbers.parquet?columns=x", 200),
        })
        {
            using HttpResponseMessage answer = await served.Owner.Send("GET", path);
            Assert.True((int)answer.StatusCode == status, $"{path}: {answer.StatusCode}, {await answer.Text()}");
        }

        using HttpResponseMessage raw = await served.Owner.Send("GET", "/v1/datasets/raw.parquet");
        Assert.False(raw.IsSuccessStatusCode);
        Assert.NotEqual(HttpStatusCode.InternalServerError, raw.StatusCode);
        using HttpResponseMessage warm = await served.Owner.Send("GET", $"/v1/datasets/{batch}.parquet");
        _ = served.Store.Names.Remove("numbers");
        Assert.Single(served.Store.Retention.Remove([batch]).Removed);
        using HttpResponseMessage gone = await served.Owner.Send("GET", $"/v1/datasets/{batch}.parquet");
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Gone), (warm.StatusCode, gone.StatusCode));
    }
}
