using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.RegularExpressions;
using ArrowCid.Storage;
using ArrowCid.Tests.House;
using ArrowCid.Tests.Storage;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Tests.Store;

/// <summary>What a store reports to its log, its handler of notifications and its meter.</summary>
public sealed class NotificationTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Store_reports_opening_and_compaction_in_order_when_blocks_are_removed()
    {
        using var folder = new TemporaryStore();
        using var heard = new BlockingCollection<StoreNotification>();
        using var log = new RecordingLog();
        using (CidStore store = CidStore.Open(folder.Directory, new CidStoreOptions
        {
            Capacity = 32 << 20,
            SegmentSize = 1 << 20,
            LoggerFactory = log,
            Notified = heard.Add,
        }))
        {
            Cid[] cids =
            [
                .. Enumerable.Range(0, 300).Select(number => store.PutRaw(StoreCalls.Numbered(number, 10_000)).Cid),
            ];
            _ = store.Retention.Remove(cids);
            _ = store.Maintenance.Compact();
        }

        StoreNotification opened = Next(heard), compacted = Next(heard);
        Assert.Equal(StoreNotificationKind.Opened, opened.Kind);
        Assert.Equal(32 << 20, opened.ByteLength);
        Assert.Equal(folder.Directory, opened.Directory);
        Assert.Equal(StoreNotificationKind.Compacted, compacted.Kind);
        Assert.InRange(compacted.Count, 1, 32);
        Assert.True(compacted.ByteLength >= 1 << 20);
        Assert.Equal(
            [(100, LogLevel.Debug, "Opened"), (401, LogLevel.Information, "Compacted")],
            log.Entries.Select(entry => (entry.Id.Id, entry.Level, entry.Id.Name!)));
        Assert.Contains(folder.Directory, log.Entries.First().Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Store_reports_the_rebuilt_index_when_its_file_is_missing()
    {
        using var folder = new TemporaryStore();
        using (CidStore store = CidStore.Open(folder.Directory, new CidStoreOptions { Capacity = 32 << 20 }))
            _ = store.PutRaw(StoreCalls.Numbered(1, 500));
        foreach (string path in Directory.EnumerateFiles(folder.Directory, "idx-*")) File.Delete(path);
        using var heard = new BlockingCollection<StoreNotification>();
        using CidStore again = CidStore.Open(folder.Directory, new CidStoreOptions { Notified = heard.Add });
        Assert.Equal(StoreNotificationKind.IndexRebuilt, Next(heard).Kind);
        Assert.Equal(StoreNotificationKind.Opened, Next(heard).Kind);
    }

    [Fact]
    public void Handler_gets_the_next_notification_when_it_fails_at_one()
    {
        using var log = new RecordingLog();
        using var heard = new BlockingCollection<StoreNotification>();
        var reporter = new StoreReporter("/store", TimeProvider.System, log, one =>
        {
            heard.Add(one);
            if (one.Kind == StoreNotificationKind.Opened) throw new InvalidOperationException("no");
        });
        reporter.Opened(1);
        reporter.Collected(2, 3, TimeSpan.Zero);
        Assert.Equal(StoreNotificationKind.Opened, Next(heard).Kind);
        Assert.Equal(StoreNotificationKind.Collected, Next(heard).Kind);
        Assert.Contains(log.Entries, entry => entry.Id.Id == 900);
    }

    [Fact]
    public void Wait_for_a_lock_is_reported_when_it_lasts_a_second()
    {
        using var log = new RecordingLog();
        var reporter = new StoreReporter("/store", TimeProvider.System, log, handler: null);
        reporter.LockWaited("name", TimeSpan.FromMilliseconds(999));
        Assert.Empty(log.Entries);
        reporter.LockWaited("name", TimeSpan.FromSeconds(1));
        Assert.Equal(500, Assert.Single(log.Entries).Id.Id);
    }

    [Fact]
    public void Meter_measures_puts_and_open_stores_when_a_listener_is_there()
    {
        using var folder = new TemporaryStore();
        var seen = new ConcurrentDictionary<string, double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, one) =>
        {
            if (instrument.Meter.Name == "ArrowCid") one.EnableMeasurementEvents(instrument);
        };
        void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            foreach (KeyValuePair<string, object?> tag in tags)
            {
                if (tag.Key == "arrowcid.store.directory" && Equals(tag.Value, folder.Directory))
                    _ = seen.AddOrUpdate(instrument.Name, value, (_, before) => before + value);
            }
        }

        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.Start();
        using (CidStore store = CidStore.Open(folder.Directory, new CidStoreOptions { Capacity = 32 << 20 }))
        {
            Cid cid = store.PutRaw(StoreCalls.Numbered(1, 500)).Cid;
            _ = store.PutRaw(StoreCalls.Numbered(1, 500));
            listener.RecordObservableInstruments();
            Assert.Equal(store.Metadata.TryFind(cid)!.Value.Address.ByteLength, seen["arrowcid.store.put.bytes"]);
        }

        Assert.True(seen["arrowcid.store.put.duration"] > 0);
        Assert.True(seen["arrowcid.store.commit.group.size"] >= 2);
        Assert.Equal(32 << 20, seen["arrowcid.store.capacity"]);
        Assert.True(seen["arrowcid.store.committed"] > 500);
        seen.Clear();
        listener.RecordObservableInstruments();
        Assert.Empty(seen);
    }

    [Fact]
    public void Table_of_log_messages_has_every_kind_with_its_id()
    {
        string text = File.ReadAllText(Repository.PathOf("src/docs/logging.md"));
        IEnumerable<(int, string)> rows = Regex.Matches(text, @"^\| (\d+) \| `(\w+)` \|", RegexOptions.Multiline)
            .Select(row => (int.Parse(row.Groups[1].Value, CultureInfo.InvariantCulture), row.Groups[2].Value));
        Assert.Equal(
            Enum.GetValues<StoreNotificationKind>().Select(kind => ((int)kind, kind.ToString()))
                .Append((900, "HandlerFailed")),
            rows);
    }

    private static StoreNotification Next(BlockingCollection<StoreNotification> heard)
    {
        Assert.True(heard.TryTake(out StoreNotification? one, s_patience));
        return one;
    }

    private sealed class RecordingLog : ILoggerFactory, ILogger
    {
        private readonly ConcurrentQueue<(EventId Id, LogLevel Level, string Text)> _entries = new();

        public IEnumerable<(EventId Id, LogLevel Level, string Text)> Entries => _entries;

        public ILogger CreateLogger(string categoryName)
        {
            Assert.Equal("ArrowCid.CidStore", categoryName);
            return this;
        }

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            _entries.Enqueue((eventId, logLevel, formatter(state, exception)));

        public void Dispose()
        {
        }
    }
}
