using System.Net;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Parquet;

namespace ArrowCid.Tests.Flight.Http;

/// <summary>The query parameter <c>columns</c>.</summary>
public sealed class ColumnsTests : IAsyncLifetime
{
    private ServedStore _served = null!;
    private Cid _cid, _dataset;

    public async Task InitializeAsync()
    {
        _served = await ServedStore.Start();
        _cid = _served.Store.Put(Batch(1)).Cid;
        _dataset = _served.Store.Datasets.Put([_cid, _served.Store.Put(Batch(2)).Cid]).Cid;
    }

    public async Task DisposeAsync() => await _served.DisposeAsync();

    [Theory]
    [InlineData("columns=b", "b")]
    [InlineData("columns=b,a", "b", "a")]
    [InlineData("columns=b&columns=a", "b", "a")]
    [InlineData(@"columns=x\,y,c\\d", "x,y", @"c\d")]
    public async Task Columns_are_read_in_the_order_of_the_request_in_every_form(string query, params string[] names)
    {
        foreach (Cid cid in new[] { _cid, _dataset })
        {
            RecordBatch[] expected = [.. (cid == _cid ? new[] { 1 } : [1, 2]).Select(i => Only(Batch(i), names))];
            using ArrowReader arrow = ArrowReader.Open(await Get(cid, "arrow", query));
            using ParquetReader parquet = ParquetReader.Open(await Get(cid, "parquet", query));
            foreach (RecordBatch batch in expected)
            {
                Assert.Equal(CanonicalBlock.CidOf(batch), CanonicalBlock.CidOf(arrow.ReadView()!));
                Assert.Equal(CanonicalBlock.CidOf(batch), CanonicalBlock.CidOf(parquet.Read()!));
            }

            Assert.Null(arrow.Read());
            Assert.Null(parquet.Read());
            string csv = System.Text.Encoding.UTF8.GetString(await Get(cid, "csv", query));
            Assert.Equal(string.Join(',', names.Select(name => name.Contains(',') ? $"\"{name}\"" : name)), csv.Split('\n')[0].TrimEnd('\r'));
            Assert.Equal(1 + expected.Sum(batch => batch.Length), csv.TrimEnd('\n').Split('\n').Length);
            string json = System.Text.Encoding.UTF8.GetString(await Get(cid, "json", query));
            using var line = System.Text.Json.JsonDocument.Parse(json.Split('\n')[0]);
            Assert.Equal(names, line.RootElement.EnumerateObject().Select(member => member.Name));
        }
    }

    [Fact]
    public async Task Columns_have_an_ETag_of_their_own()
    {
        var tags = new HashSet<string>();
        foreach (string query in new[] { "", "&columns=a", "&columns=b", "&columns=a,b", "&columns=b,a" })
        {
            using HttpResponseMessage got = await _served.Client.Send("GET", $"/v1/blocks/{_cid}?format=arrow{query}");
            Assert.True(tags.Add(got.Header("ETag")), query);
            using HttpResponseMessage known = await _served.Client.Send("GET", $"/v1/blocks/{_cid}?format=arrow{query}",
                ("If-None-Match", got.Header("ETag")));
            Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
        }
    }

    [Theory]
    [InlineData("columns=", "empty")]
    [InlineData("columns=a,,b", "empty")]
    [InlineData("columns=a,b,a", "twice")]
    [InlineData("columns=none", "no column 'none'")]
    [InlineData("format=csv&columns=none", "no column 'none'")]
    [InlineData("format=parquet&columns=none", "no column 'none'")]
    [InlineData("format=car&columns=a", "whole blocks")]
    public async Task Columns_that_cannot_be_given_are_refused(string query, string why)
    {
        using HttpResponseMessage refused = await _served.Client.Send("GET", $"/v1/blocks/{_cid}?{query}");
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains(why, await refused.Text());
    }

    private async Task<byte[]> Get(Cid cid, string form, string query)
    {
        using HttpResponseMessage got = await _served.Client.Send("GET", $"/v1/blocks/{cid}?format={form}&{query}");
        Assert.Equal(HttpStatusCode.OK, got.StatusCode);
        return await got.Bytes();
    }

    private static RecordBatch Batch(int start) => RecordBatch.Of(
        ("a", Numbers(start)), ("b", Numbers(start + 100)), ("x,y", Numbers(start + 200)), (@"c\d", Numbers(start + 300)));

    private static ArrowArray Numbers(int start) => ArrowArray.From<long>(Enumerable.Range(start, 5).Select(i => (long)i).ToArray());

    private static RecordBatch Only(RecordBatch batch, string[] names) =>
        RecordBatch.Of([.. names.Select(name => (name, batch.Column(name)))]);
}
