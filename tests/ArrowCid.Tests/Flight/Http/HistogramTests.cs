using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using ArrowCid.Server.Diagnostics;

namespace ArrowCid.Tests.Flight.Http;

/// <summary>The histogram of durations in <c>/metrics</c>.</summary>
public sealed partial class HistogramTests
{
    private const string Name = "arrowcid_call_duration_seconds";

    [Fact]
    public async Task Durations_of_every_route_and_call_are_there_from_the_start()
    {
        await using ServedStore served = await ServedStore.Start();
        string text = await served.Owner.GetStringAsync("/metrics");
        Assert.Contains($"# TYPE {Name} histogram\n", text);
        foreach (string labels in new[]
        {
            "protocol=\"http\",route=\"/v1/blocks/{cid}\",status=\"200\"", "protocol=\"http\",route=\"/v1/blocks\",status=\"201\"",
            "protocol=\"http\",route=\"/v1/names/{name}\",status=\"204\"", "protocol=\"flight\",route=\"DoPut\",status=\"0\"",
            "protocol=\"flight\",route=\"DoGet\",status=\"0\"",
        })
        {
            Assert.Contains($"{Name}_count{{{labels}}} ", text);
            Assert.Contains($"{Name}_bucket{{{labels},le=\"+Inf\"}} ", text);
        }
    }

    [Fact]
    public async Task Series_starts_at_zero_and_counts_each_value_in_the_buckets_above_it()
    {
        await using ServedStore served = await ServedStore.Start();
        using var counters = new ServerCounters();
        using var metrics = new ArrowCid.Server.Http.Metrics(counters, () => served.Directory);
        const string Labels = "protocol=\"http\",route=\"/of-this-test\",status=\"200\"";
        metrics.Expect("http", "/of-this-test", "200");
        string text = metrics.Write();
        Assert.Contains($"{Name}_sum{{{Labels}}} 0\n{Name}_count{{{Labels}}} 0\n", text);
        foreach (double value in new[] { 0.001, 0.0011, 1000 })
            counters.Duration.Record(value, new("protocol", "http"), new("route", "/of-this-test"), new("status", "200"));
        text = metrics.Write();
        foreach ((string bound, int count) in new[] { ("0.0005", 0), ("0.001", 1), ("0.0025", 2), ("300", 2), ("+Inf", 3) })
            Assert.Contains($"{Name}_bucket{{{Labels},le=\"{bound}\"}} {count}\n", text);
        Assert.Contains($"{Name}_count{{{Labels}}} 3\n", text);
    }

    [Fact]
    public async Task Buckets_only_grow_and_the_last_is_the_count()
    {
        await using ServedStore served = await ServedStore.Start();
        // Requests of one connection: each is counted before the next begins.
        for (int i = 0; i < 5; i++) _ = await served.Owner.GetStringAsync("/health");
        string text = await served.Owner.GetStringAsync("/metrics");
        Match[] lines = [.. text.Split('\n').Select(line => BucketPattern().Match(line)).Where(match => match.Success)];
        var series = lines.GroupBy(match => match.Groups["labels"].Value).ToList();
        Assert.NotEmpty(series);
        foreach (IGrouping<string, Match> one in series)
        {
            double[] bounds = [.. one.Select(match => match.Groups["le"].Value is "+Inf" ? double.PositiveInfinity
                : double.Parse(match.Groups["le"].Value, CultureInfo.InvariantCulture))];
            long[] counts = [.. one.Select(match => long.Parse(match.Groups["count"].Value, CultureInfo.InvariantCulture))];
            Assert.Equal(bounds.Distinct().Order(), bounds);
            Assert.Equal(counts.Order(), counts);
            Assert.Equal(double.PositiveInfinity, bounds[^1]);
            Assert.Contains($"{Name}_count{{{one.Key}}} {counts[^1]}\n", text);
            if (one.Key == "protocol=\"http\",route=\"/health\",status=\"200\"") Assert.Equal(5, counts[^1]);
        }

        Assert.Contains(series, one => one.Key == "protocol=\"http\",route=\"/health\",status=\"200\"");
    }

    [Fact]
    public async Task Servers_of_one_process_do_not_count_the_calls_of_each_other()
    {
        await using ServedStore one = await ServedStore.Start(), other = await ServedStore.Start();
        for (int i = 0; i < 3; i++) _ = await one.Owner.GetStringAsync("/health");
        const string Labels = "protocol=\"http\",route=\"/health\",status=\"200\"";
        Assert.Contains($"{Name}_count{{{Labels}}} 3\n", await one.Owner.GetStringAsync("/metrics"));
        Assert.Contains($"{Name}_count{{{Labels}}} 0\n", await other.Owner.GetStringAsync("/metrics"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await one.Client.GetAsync("/v1/blocks")).StatusCode);
        const string Refused = "arrowcid_refused_total{protocol=\"http\"} ";
        Assert.Contains($"{Refused}1\n", await one.Owner.GetStringAsync("/metrics"));
        Assert.Contains($"{Refused}0\n", await other.Owner.GetStringAsync("/metrics"));
    }

    [GeneratedRegex("^arrowcid_call_duration_seconds_bucket\\{(?<labels>.*),le=\"(?<le>[^\"]+)\"\\} (?<count>[0-9]+)$")]
    private static partial Regex BucketPattern();
}
