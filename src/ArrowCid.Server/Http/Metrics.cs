using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using ArrowCid.Server.Access;

namespace ArrowCid.Server.Http;

/// <summary>What was counted and measured, in Prometheus' text format: counters, gauges and histograms.</summary>
internal sealed class Metrics : IDisposable
{
    private const int MostSeries = 1024;

    private readonly Lock _lock = new();
    private readonly MeterListener _listener = new();
    private readonly SortedDictionary<string, Instrument> _instruments = new(StringComparer.Ordinal);
    private readonly SortedDictionary<(string Name, string Labels), double> _sums = [];
    private readonly SortedDictionary<(string Name, string Labels), Buckets> _histograms = [];
    private readonly StoreMetrics _store;
    private readonly ServerCounters _counters;

    /// <param name="store">The store's figures, which this owns.</param>
    /// <param name="counters">The server's counters.</param>
    public Metrics(StoreMetrics store, ServerCounters counters)
    {
        (_store, _counters) = (store, counters);
        // A counter that has not moved is 0, not absent: else no alert could see its first step.
        foreach (string protocol in new[] { CallerConnection.Flight, CallerConnection.Http })
        {
            Instrument[] each = [counters.Refused, counters.Put, counters.Sent, counters.Running];
            foreach (Instrument instrument in each) _sums[(instrument.Name, $"protocol=\"{protocol}\"")] = 0;
        }

        foreach (string limit in new[] { "rate", "streams" }) _sums[(counters.Limited.Name, $"limit=\"{limit}\"")] = 0;
        _sums[(counters.Corrupt.Name, "")] = 0;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter != counters.Meter) return;
            lock (_lock) _instruments[instrument.Name] = instrument;
            listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>(Measure);
        _listener.Start();
    }

    /// <summary>Begins the durations of a call at 0, so that the first one is seen as a step.</summary>
    /// <param name="protocol">The protocol.</param>
    /// <param name="route">The route, or the name of the call.</param>
    /// <param name="status">The status of success.</param>
    public void Expect(string protocol, string route, string status) => _ = BucketsOf(_counters.Duration.Name,
        Labels([new("protocol", protocol), new("route", route), new("status", status)]));

    /// <summary>Writes all.</summary>
    public string Write()
    {
        var text = new StringBuilder();
        lock (_lock)
        {
            foreach ((string name, Instrument instrument) in _instruments)
            {
                if (instrument is Histogram<double>) WriteHistograms(text, name, instrument);
                else WriteSums(text, name, instrument);
            }
        }

        WriteStore(text);
        return text.ToString();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _store.Dispose();
    }

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        (string, string) key = (instrument.Name, Labels(tags));
        lock (_lock)
        {
            if (_sums.TryGetValue(key, out double sum) || _sums.Count < MostSeries) _sums[key] = sum + value;
        }
    }

    private void Measure(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags,
        object? state)
    {
        string labels = Labels(tags);
        lock (_lock) BucketsOf(instrument.Name, labels)?.Add(value);
    }

    /// <summary>Returns a series; null where there are too many.</summary>
    private Buckets? BucketsOf(string name, string labels)
    {
        lock (_lock)
        {
            if (_histograms.TryGetValue((name, labels), out Buckets? found) || _histograms.Count >= MostSeries)
                return found;
            return _histograms[(name, labels)] = new Buckets();
        }
    }

    private void WriteSums(StringBuilder text, string name, Instrument instrument)
    {
        bool isCounter = instrument is Counter<long>;
        string shown = ShownName(instrument);
        Head(text, shown, instrument.Description, isCounter ? "counter" : "gauge");
        foreach (((string _, string labels), double value) in _sums.Where(each => each.Key.Name == name))
            Line(text, shown, labels, value);
    }

    private void WriteHistograms(StringBuilder text, string name, Instrument instrument)
    {
        string shown = ShownName(instrument);
        Head(text, shown, instrument.Description, "histogram");
        foreach (((string _, string labels), Buckets series) in _histograms.Where(each => each.Key.Name == name))
        {
            string before = labels.Length == 0 ? "" : labels + ",";
            long below = 0;
            for (int i = 0; i < series.Counts.Length; i++)
            {
                below += series.Counts[i];
                string bound = i < ServerCounters.DurationBounds.Count
                    ? ServerCounters.DurationBounds[i].ToString("R", CultureInfo.InvariantCulture)
                    : "+Inf";
                Line(text, shown + "_bucket", $"{before}le=\"{bound}\"", below);
            }

            Line(text, shown + "_sum", labels, series.Sum);
            Line(text, shown + "_count", labels, below);
        }
    }

    private void WriteStore(StringBuilder text)
    {
        foreach (StoreMetric metric in _store.All)
        {
            string shown = metric.IsCounter ? metric.Name + "_total" : metric.Name;
            Head(text, shown, metric.Help, metric.IsCounter ? "counter" : "gauge");
            foreach (Measurement<double> value in metric.Read()) Line(text, shown, Labels(value.Tags), value.Value);
        }

        Gauge("process_resident_memory_bytes", "Resident memory", Environment.WorkingSet);
        Gauge("process_threads", "Threads of the pool", ThreadPool.ThreadCount);

        void Gauge(string name, string help, double value)
        {
            Head(text, name, help, "gauge");
            Line(text, name, "", value);
        }
    }

    /// <summary>Returns the name of an instrument as Prometheus spells it, by the rules of OpenTelemetry.</summary>
    private static string ShownName(Instrument instrument)
    {
        string unit = instrument.Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        return instrument.Name.Replace('.', '_') + unit + (instrument is Counter<long> ? "_total" : "");
    }

    private static void Head(StringBuilder text, string name, string? help, string type) => text
        .Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n')
        .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private static void Line(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0) text.Append('{').Append(labels).Append('}');
        text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new StringBuilder();
        foreach ((string key, object? value) in tags)
        {
            if (text.Length > 0) text.Append(',');
            string shown = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            text.Append(key).Append("=\"").Append(shown.Replace("\\", "\\\\", StringComparison.Ordinal)
                .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal))
                .Append('"');
        }

        return text.ToString();
    }

    /// <summary>The values of a series, counted by <see cref="ServerCounters.DurationBounds"/>.</summary>
    private sealed class Buckets
    {
        /// <summary>The number of values of each bucket; the last is that of those above every bound.</summary>
        public long[] Counts { get; } = new long[ServerCounters.DurationBounds.Count + 1];

        public double Sum { get; private set; }

        public void Add(double value)
        {
            IReadOnlyList<double> bounds = ServerCounters.DurationBounds;
            int bucket = 0;
            while (bucket < bounds.Count && value > bounds[bucket]) bucket++;
            Counts[bucket]++;
            Sum += value;
        }
    }
}
