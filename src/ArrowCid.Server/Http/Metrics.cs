using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using ArrowCid.Server.Access;
using ArrowCid.Server.Diagnostics;
using ArrowCid.Storage;

namespace ArrowCid.Server.Http;

/// <summary>What was counted and measured, in Prometheus' text format: counters, gauges and histograms.</summary>
internal sealed class Metrics : IDisposable
{
    private const int MostSeries = 1024;

    private readonly Lock _lock = new(), _writing = new();
    private readonly MeterListener _listener = new();
    private readonly SortedDictionary<string, Instrument> _instruments = new(StringComparer.Ordinal);
    private readonly SortedDictionary<(string Name, string Labels), double> _sums = [];
    private readonly SortedDictionary<(string Name, string Labels), Buckets> _histograms = [];
    private readonly Dictionary<(string Name, string Labels), double> _observed = [];
    private readonly Func<string?> _directory;
    private readonly ServerCounters _counters;

    /// <param name="counters">The server's counters.</param>
    /// <param name="directory">Returns the directory of the store, whose instruments are shown too; null: none.</param>
    public Metrics(ServerCounters counters, Func<string?> directory)
    {
        (_counters, _directory) = (counters, directory);
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
            bool isOfStore = IsOfStore(instrument);
            // Histograms of the store are for exporters: each get and put would wait for this one's lock.
            if (isOfStore ? IsHistogram(instrument) : instrument.Meter != counters.Meter) return;
            lock (_lock)
            {
                _instruments[instrument.Name] = instrument;
                if (isOfStore && !instrument.IsObservable) _sums.TryAdd((instrument.Name, ""), 0);
            }

            listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
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
        lock (_writing)
        {
            lock (_lock) _observed.Clear();
            // Without the other lock: the store is read, and its counters may wait for that one.
            _listener.RecordObservableInstruments();
            lock (_lock) WriteInstruments(text);
        }

        WriteProcess(text);
        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private void WriteInstruments(StringBuilder text)
    {
        foreach ((string name, Instrument instrument) in _instruments)
        {
            if (instrument is Histogram<double>) WriteHistograms(text, name, instrument);
            else WriteSums(text, name, instrument);
        }
    }

    private static bool IsOfStore(Instrument instrument) => instrument.Meter.Name == StoreMeter.Name;

    private static bool IsHistogram(Instrument instrument) => instrument is Histogram<double> or Histogram<int>;

    /// <summary>Takes a measurement. Those of other stores are left out, and the tag that names this one too.</summary>
    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (IsOfStore(instrument))
        {
            if (tags.IsEmpty || tags[0].Key != StoreMeter.DirectoryTag || !Equals(tags[0].Value, _directory())) return;
            tags = tags[1..];
        }

        (string, string) key = (instrument.Name, Labels(tags));
        lock (_lock)
        {
            if (IsHistogram(instrument)) BucketsOf(key.Item1, key.Item2)?.Add(value);
            else if (instrument.IsObservable) _observed[key] = value;
            else if (_sums.TryGetValue(key, out double sum) || _sums.Count < MostSeries) _sums[key] = sum + value;
        }
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
        string shown = ShownName(instrument);
        Head(text, shown, instrument.Description, IsCounter(instrument) ? "counter" : "gauge");
        foreach (((string _, string labels), double value) in _sums.Concat(_observed)
            .Where(each => each.Key.Name == name))
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

    private static void WriteProcess(StringBuilder text)
    {
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
        string name = instrument.Name.Replace('.', '_');
        if (name.EndsWith(unit, StringComparison.Ordinal)) unit = "";
        return name + unit + (IsCounter(instrument) ? "_total" : "");
    }

    private static bool IsCounter(Instrument instrument) =>
        instrument is Counter<long> or ObservableCounter<long> or ObservableCounter<double>;

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
        if (tags.IsEmpty) return "";
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
