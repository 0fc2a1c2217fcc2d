using System.Collections.Concurrent;
using System.Net;
using System.Text;
using ArrowCid.Client;
using ArrowCid.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace ArrowCid.Tests.Flight;

/// <summary>Figures reach a collector of OpenTelemetry, which is a small HTTP server of the test's own.</summary>
public sealed class OtlpTests
{
    [Theory]
    [InlineData("", "/v1/metrics")]
    [InlineData("/elsewhere", "/elsewhere")]
    public async Task Figures_reach_a_collector_at_the_latest_when_the_server_ends(string path, string expected)
    {
        var got = new ConcurrentQueue<(string Path, string Type, string Body)>();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        await using WebApplication collector = builder.Build();
        collector.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            got.Enqueue((context.Request.Path, context.Request.ContentType ?? "", Encoding.Latin1.GetString(body.ToArray())));
            context.Response.ContentType = "application/x-protobuf";
        });
        await collector.StartAsync();
        var url = new Uri(new Uri(collector.Urls.Single()), path);
        await using (ServedStore server = await ServedStore.Start(_ => new CidServerOptions
        {
            Flight = ServedStore.Any,
            Http = null,
            Otlp = url,
        }))
        {
            using CidClient client = server.FlightClient();
            _ = await client.PutAsync(ServedStore.Sequence(0, 3));
        }

        (string to, string type, string sent) = got.Last();
        Assert.Equal((expected, "application/x-protobuf"), (to, type));
        Assert.Matches("service\\.name\\W+arrowcid\\W", sent);
        foreach (string text in new[]
        {
            "arrowcid.call.duration", "arrowcid.put_blocks", "DoPut", "flight", "arrowcid.store.capacity", "arrowcid.store.blocks",
            "arrowcid.store.names", "arrowcid.store.put.duration", "arrowcid.watchers", "arrowcid.maintenance.steps",
        })
            Assert.Contains(text, sent, StringComparison.Ordinal);
    }
}
