using System.Text;
using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.Ipc;
using ArrowCid.Registry;

namespace ArrowCid.Flight.Service;

/// <summary>
/// Announcements as a table without end. Each watcher has a cursor in the log and no queue: a slow one lags and costs
/// nothing, and those that have caught up hear together. Every batch's app_metadata is the cursor behind it; while
/// nothing is put, empty batches come.
/// </summary>
internal sealed class WatchStream(CidStore store, LiveAnnouncements live)
{
    private const int MostRows = 1024;
    private const uint DefaultHeartbeat = 15;

    private static readonly TimestampType s_time = new(TimeUnit.Microsecond, "UTC");

    public static Schema Schema { get; } = new(
        new Field("kind", ArrowType.Utf8, nullable: false),
        new Field("cid", ArrowType.Utf8),
        new Field("schemaCid", ArrowType.Utf8),
        new Field("rows", ArrowType.Int64, nullable: false),
        new Field("bytes", ArrowType.Int64, nullable: false),
        new Field("time", s_time),
        new Field("facts", ArrowType.Utf8),
        new Field("gap", ArrowType.Utf8),
        new Field("cursor", ArrowType.Utf8, nullable: false));

    private static readonly ReadOnlyMemory<byte> s_empty = CanonicalBlock.Encode(Table([])).Bytes;

    public async Task Run(GrpcCall call, Request request, BatchSender sender)
    {
        Filter? filter = FlightRequest.FilterOf(request);
        Cursor at = store.Blocks.Fix(request.From.Length == 0 ? Cursor.Now : Cursor.Parse(request.From));
        uint seconds = request.HeartbeatSeconds == 0 ? DefaultHeartbeat : request.HeartbeatSeconds;
        TimeSpan heartbeat = TimeSpan.FromSeconds(Math.Min(seconds, 3600));
        await sender.SchemaAsync(Schema, call.Cancel).ConfigureAwait(false);
        await BeatAsync().ConfigureAwait(false);
        live.Begin();
        try
        {
            while (await CatchUp().ConfigureAwait(false) is { } place) await Follow(place).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (call.Stopping.IsCancellationRequested &&
            !call.Cancel.IsCancellationRequested)
        {
            throw new GrpcException(GrpcStatus.Unavailable, $"the server is going down; go on from {at}");
        }

        // Reads the log until what comes next is what all hear of next; null: there is no more.
        async Task<long?> CatchUp()
        {
            var found = new List<Announcement>();
            using CancellationTokenSource own = call.Lasting();
            await using IAsyncEnumerator<Announcement> puts =
                store.WatchAsync(at, new WatchOptions { WithFacts = true }, own.Token).GetAsyncEnumerator();
            Task<bool> next = puts.MoveNextAsync().AsTask();
            try
            {
                while (true)
                {
                    if (!next.IsCompleted && live.Find(at) is { } place) return place;
                    bool isEnd = !await Arrived(next).ConfigureAwait(false);
                    while (!isEnd && found.Count < MostRows)
                    {
                        at = puts.Current.Cursor;
                        if (Passes(puts.Current, filter)) found.Add(puts.Current);
                        next = puts.MoveNextAsync().AsTask();
                        if (!next.IsCompletedSuccessfully) break;
                        isEnd = !await next.ConfigureAwait(false);
                    }

                    if (found.Count > 0) await SendAsync(found).ConfigureAwait(false);
                    found.Clear();
                    if (isEnd) return null;
                }
            }
            finally
            {
                await own.CancelAsync().ConfigureAwait(false);
                await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        // Hears with all others, until it falls behind what is kept for them.
        async Task Follow(long place)
        {
            // Nothing is held by a watcher that waits, and it is woken by whoever has something for it.
            sender.Rest();
            var watcher = new LiveWatcher((long)heartbeat.TotalMilliseconds);
            List<Announcement>? found = null;
            live.Add(watcher);
            await using CancellationTokenRegistration ends = call.Cancel.UnsafeRegister(
                static watcher => ((LiveWatcher)watcher!).Wake(), watcher);
            try
            {
                while (true)
                {
                    long first = place;
                    if (!live.TryTake(ref place, ref found, MostRows)) return;
                    if (place != first)
                    {
                        at = found![^1].Cursor;
                        if (filter is not null) found.RemoveAll(put => !Passes(put, filter));
                        if (filter is null) await ShareAsync(live.TableOf(first, found, Table)).ConfigureAwait(false);
                        else if (found.Count > 0) await SendAsync(found).ConfigureAwait(false);
                        watcher.Spoke();
                        found.Clear();
                        continue;
                    }

                    if (watcher.IsSilent)
                    {
                        await BeatAsync().ConfigureAwait(false);
                        watcher.Spoke();
                    }

                    found = null;
                    await watcher.WaitAsync().ConfigureAwait(false);
                    call.Cancel.ThrowIfCancellationRequested();
                }
            }
            finally
            {
                live.Remove(watcher);
            }
        }

        async Task<bool> Arrived(Task<bool> next)
        {
            while (!next.IsCompleted)
            {
                try
                {
                    await next.WaitAsync(heartbeat).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    await BeatAsync().ConfigureAwait(false);
                }
            }

            return await next.ConfigureAwait(false);
        }

        ValueTask ShareAsync(LiveAnnouncements.Table table) =>
            FlushedAsync(sender.SharedAsync(table, call.Cancel));

        ValueTask BeatAsync() => FlushedAsync(sender.WholeAsync(s_empty, at.ToString(), call.Cancel));

        ValueTask SendAsync(List<Announcement> rows) =>
            FlushedAsync(sender.BatchAsync(Table(rows), at.ToString(), call.Cancel));

        async ValueTask FlushedAsync(ValueTask sending)
        {
            await sending.ConfigureAwait(false);
            await call.Writer.FlushAsync(call.Cancel).ConfigureAwait(false);
        }
    }

    private bool Passes(in Announcement put, Filter? filter) => filter is null || put.Kind == AnnouncementKind.Gap ||
        (store.Describe(put.Cid) is { } entry && filter.Matches(entry, DateTimeOffset.UtcNow));

    private static RecordBatch Table(IReadOnlyCollection<Announcement> puts)
    {
        BytesBuilder kind = new(), cid = new(), schema = new(), facts = new(), gap = new(), cursor = new();
        FixedBuilder<long> rows = new(), bytes = new(), time = new(s_time);
        foreach (Announcement put in puts)
        {
            kind.Append(JsonNamingPolicy.CamelCase.ConvertName(put.Kind.ToString()));
            bool isGap = put.Kind == AnnouncementKind.Gap;
            cid.Append(isGap ? null : put.Cid.ToString());
            schema.Append(isGap ? null : put.SchemaCid.ToString());
            rows.Append(put.Rows);
            bytes.Append(put.ByteLength);
            time.Append(isGap ? null : (put.Time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
            facts.Append(put.Facts is { } said ? FactsText(said) : null);
            gap.Append(put.Gap is { } missed ? GapText(missed) : null);
            cursor.Append(put.Cursor.ToString());
        }

        return new RecordBatch(Schema, puts.Count, kind.Build(), cid.Build(), schema.Build(), rows.Build(),
            bytes.Build(), time.Build(), facts.Build(), gap.Build(), cursor.Build());
    }

    private static string GapText(WatchGap gap) => Encoding.UTF8.GetString(ActionArguments.Write(writer =>
    {
        writer.WriteString("reason", JsonNamingPolicy.CamelCase.ConvertName(gap.Reason.ToString()));
        writer.WriteNumber("lane", gap.Lane);
        writer.WriteNumber("first", gap.First);
        writer.WriteNumber("last", gap.Last);
        writer.WriteString("text", gap.ToString());
    }));

    private static string FactsText(BlockFacts facts) => Encoding.UTF8.GetString(ActionArguments.Write(writer =>
    {
        if (facts.Producer is { } producer) writer.WriteString("producer", producer);
        if (facts.Tags is { } tags)
        {
            writer.WriteStartObject("tags");
            foreach ((string key, string? value) in tags) writer.WriteString(key, value);
            writer.WriteEndObject();
        }

        if (facts.Json is not { } json) return;
        writer.WritePropertyName("json");
        writer.WriteRawValue(json);
    }));
}
