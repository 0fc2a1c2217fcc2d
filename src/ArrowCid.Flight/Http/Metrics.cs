using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using ArrowCid.Flight.Access;

namespace ArrowCid.Flight.Http;

/// <summary>
/// What was counted and measured, in Prometheus' text format. Of durations it keeps the last
/// <see cref="Window.Size"/> a series, of which the quantiles are exact; sum and count are of all.
/// </summary>
internal sealed class Metrics : IDisposable
{
    private const int MostSeries = 1024;
    private static readonly double[] s_quantiles = [0.5, 0.9, 0.99, 0.999];

    private readonly Lock _lock = new();
    private readonly MeterListener _listener = new();
    private readonly SortedDictionary<string, Instrument> _instruments = new(StringComparer.Ordinal);
    private readonly SortedDictionary<(string Name, string Labels), double> _sums = [];
    private readonly SortedDictionary<(string Name, string Labels), Window> _windows = [];
    private readonly StoreMetrics _store;

    /// <param name="store">The store's figures, which this owns.</param>
    public Metrics(StoreMetrics store)
    {
        _store = store;
        // A counter that has not moved is 0, not absent: else no alert could see its first step.
        foreach (string protocol in new[] { Peer.Flight, Peer.Http })
        {
            string[] names = ["arrowcid_refused", "arrowcid_put_blocks", "arrowcid_sent_bytes", "arrowcid_running"];
            foreach (string name in names) _sums[(name, $"protocol=\"{protocol}\"")] = 0;
        }

        foreach (string limit in new[] { "rate", "streams" }) _sums[("arrowcid_limited", $"limit=\"{limit}\"")] = 0;
        _sums[("arrowcid_corrupt_blocks", "")] = 0;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name != ServerFigures.MeterName) return;
            lock (_lock) _instruments[instrument.Name] = instrument;
            listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>(Measure);
        _listener.Start();
    }

    /// <summary>Writes all.</summary>
    public string Write()
    {
        var text = new StringBuilder();
        lock (_lock)
        {
            foreach ((string name, Instrument instrument) in _instruments)
            {
                if (instrument is Histogram<double>) WriteWindows(text, name, instrument);
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
        (string, string) key = (instrument.Name, Labels(tags));
        lock (_lock)
        {
            if (!_windows.TryGetValue(key, out Window? window))
            {
                if (_windows.Count >= MostSeries) return;
                _windows[key] = window = new Window();
            }

            window.Add(value);
        }
    }

    private void WriteSums(StringBuilder text, string name, Instrument instrument)
    {
        bool isCounter = instrument is Counter<long>;
        string shown = isCounter ? name + "_total" : name;
        Head(text, shown, instrument.Description, isCounter ? "counter" : "gauge");
        foreach (((string _, string labels), double value) in _sums.Where(each => each.Key.Name == name))
            Line(text, shown, labels, value);
    }

    private void WriteWindows(StringBuilder text, string name, Instrument instrument)
    {
        Head(text, name, instrument.Description, "summary");
        foreach (((string _, string labels), Window window) in _windows.Where(each => each.Key.Name == name))
        {
            double[] sorted = window.Sorted();
            foreach (double quantile in s_quantiles)
            {
                string label = string.Create(CultureInfo.InvariantCulture, $"quantile=\"{quantile}\"");
                int rank = Math.Max(0, (int)Math.Ceiling(quantile * sorted.Length) - 1);
                Line(text, name, labels.Length == 0 ? label : $"{labels},{label}", sorted[rank]);
            }

            Line(text, name + "_sum", labels, window.Sum);
            Line(text, name + "_count", labels, window.Count);
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

    /// <summary>The last values of a series.</summary>
    internal sealed class Window
    {
        /// <summary>So many are kept.</summary>
        public const int Size = 4096;

        private double[] _values = new double[16];
        private int _next;
        private int _held;

        public double Sum { get; private set; }

        public long Count { get; private set; }

        public void Add(double value)
        {
            (Sum, Count) = (Sum + value, Count + 1);
            if (_held == _values.Length && _held < Size) Array.Resize(ref _values, Math.Min(Size, 4 * _held));
            if (_next == _values.Length) _next = 0;
            _values[_next++] = value;
            _held = Math.Min(_held + 1, _values.Length);
        }

        public double[] Sorted()
        {
            double[] sorted = _values[.._held];
            Array.Sort(sorted);
            return sorted;
        }
    }
}
