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
    private readonly CidStore _store;

    public Metrics(CidStore store)
    {
        _store = store;
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

    public void Dispose() => _listener.Dispose();

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
        CidStoreFigures figures = _store.GetFigures();
        Gauge("arrowcid_store_capacity_bytes", "Bytes that the store may take", figures.Capacity);
        Gauge("arrowcid_store_taken_bytes", "Bytes that its segments take", figures.BytesTaken);
        Gauge("arrowcid_store_committed_bytes", "Bytes of records in it", figures.BytesCommitted);
        Gauge("arrowcid_maintenance_running", "Whether this process maintains the store",
            _store.Blocks.IsMaintainer ? 1 : 0);
        IReadOnlyList<MaintenanceFigures> tasks = _store.GetMaintenanceFigures();
        Count("arrowcid_maintenance_steps_total", "Steps of maintenance that did something", task => task.Steps);
        Count("arrowcid_maintenance_failures_total", "Steps that could not be done", task => task.Failures);
        Count("arrowcid_maintenance_seconds_total", "Time that they took", task => task.Took.TotalSeconds);
        Count("arrowcid_maintenance_items_total", "Records, blocks or segments that they were about",
            task => task.Count);
        Count("arrowcid_maintenance_bytes_total", "Bytes of blocks removed and files freed", task => task.ByteLength);
        Gauge("process_resident_memory_bytes", "Resident memory", Environment.WorkingSet);
        Gauge("process_threads", "Threads of the pool", ThreadPool.ThreadCount);

        void Count(string name, string help, Func<MaintenanceFigures, double> value)
        {
            Head(text, name, help, "counter");
            foreach (MaintenanceFigures task in tasks)
                Line(text, name, $"task=\"{task.Task.ToString().ToLowerInvariant()}\"", value(task));
        }

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
