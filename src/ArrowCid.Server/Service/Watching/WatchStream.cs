using System.Text;
using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.Flight.Service;
using ArrowCid.Ipc;
using ArrowCid.Registry;
using ArrowCid.Server.Grpc;
using Grpc.Core;

namespace ArrowCid.Server.Service;

/// <summary>
/// Announcements as a table without end. Every batch's app_metadata is the cursor after it; while nothing is put,
/// empty batches come.
/// </summary>
internal sealed class WatchStream(CidStore store, LiveAnnouncements live)
{
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

    /// <summary>The table of a watch of names too.</summary>
    public static Schema SchemaWithNames { get; } = new(
        [.. Schema.Fields, new Field("name", ArrowType.Utf8), new Field("oldCid", ArrowType.Utf8)]);

    private static readonly ReadOnlyMemory<byte> s_empty = CanonicalBlock.Encode(Table([])).Bytes;
    private static readonly ReadOnlyMemory<byte> s_emptyWithNames = CanonicalBlock.Encode(TableWithNames([])).Bytes;

    /// <summary>The schema of the table that a request asks for.</summary>
    public static Schema SchemaOf(Request request) => request.Names.Length > 0 ? SchemaWithNames : Schema;

    public async Task Run(GrpcCall call, Request request, BatchSender sender)
    {
        Cursor from = request.From.Length == 0 ? Cursor.Now : Cursor.Parse(request.From);
        bool hasNames = request.Names.Length > 0;
        var feed = new WatchFeed(store, live, from, FlightRequest.FilterOf(request), hasNames ? request.Names : null,
            !request.WithoutPuts);
        uint seconds = request.HeartbeatSeconds == 0 ? DefaultHeartbeat : request.HeartbeatSeconds;
        using CancellationTokenSource lasting = call.Lasting();
        await sender.SchemaAsync(SchemaOf(request), call.Cancel).ConfigureAwait(false);
        await SendAsync(new WatchPage([], null)).ConfigureAwait(false);
        try
        {
            await feed.RunAsync(TimeSpan.FromSeconds(Math.Min(seconds, 3600)), SendAsync, lasting.Token)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (call.Stopping.IsCancellationRequested &&
            !call.Cancel.IsCancellationRequested)
        {
            throw new GrpcException(StatusCode.Unavailable, $"the server is going down; go on from {feed.At}");
        }

        async Task SendAsync(WatchPage page)
        {
            await OnePageAsync(page).ConfigureAwait(false);
            await call.Writer.FlushAsync(call.Cancel).ConfigureAwait(false);
        }

        async ValueTask OnePageAsync(WatchPage page)
        {
            if (page.Number is { } first)
            {
                LiveAnnouncements.Table table = live.TableOf(first, page.Puts, Table);
                await sender.SharedAsync(table.Message, table.Block, table.Batch, table.Mark, call.Cancel)
                    .ConfigureAwait(false);
                return;
            }

            string mark = feed.At.ToString();
            if (page.Puts.Count == 0)
            {
                await sender.WholeAsync(hasNames ? s_emptyWithNames : s_empty, mark, call.Cancel)
                    .ConfigureAwait(false);
            }
            else
            {
                await sender.BatchAsync(hasNames ? TableWithNames(page.Puts) : Table(page.Puts), mark, call.Cancel)
                    .ConfigureAwait(false);
            }

            // A watcher may wait for long now, and holds nothing meanwhile.
            sender.Rest();
        }
    }

    private static RecordBatch Table(IReadOnlyCollection<StoreEvent> puts)
    {
        BytesBuilder kind = new(), cid = new(), schema = new(), facts = new(), gap = new(), cursor = new();
        FixedBuilder<long> rows = new(), bytes = new(), time = new(s_time);
        foreach (StoreEvent put in puts)
        {
            kind.Append(JsonNamingPolicy.CamelCase.ConvertName(put.Kind.ToString()));
            bool isGap = put.Kind == StoreEventKind.Gap;
            bool isName = put.Kind == StoreEventKind.Name;
            cid.Append(isGap ? null : isName ? put.NewCid?.ToString() : put.Cid.ToString());
            schema.Append(isGap || isName ? null : put.SchemaCid.ToString());
            rows.Append(put.Rows);
            bytes.Append(put.ByteLength);
            time.Append(isGap ? null : (put.Time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
            facts.Append(put.Metadata is { } said ? FactsText(said) : null);
            gap.Append(put.Gap is { } missed ? GapText(missed) : null);
            cursor.Append(put.Cursor.ToString());
        }

        return new RecordBatch(Schema, puts.Count, kind.Build(), cid.Build(), schema.Build(), rows.Build(),
            bytes.Build(), time.Build(), facts.Build(), gap.Build(), cursor.Build());
    }

    private static RecordBatch TableWithNames(IReadOnlyCollection<StoreEvent> puts)
    {
        BytesBuilder name = new(), old = new();
        foreach (StoreEvent put in puts)
        {
            name.Append(put.Name);
            old.Append(put.OldCid?.ToString());
        }

        return new RecordBatch(SchemaWithNames, puts.Count, [.. Table(puts).Columns, name.Build(), old.Build()]);
    }

    private static string GapText(WatchGap gap) => Encoding.UTF8.GetString(JsonObject.Bytes(writer =>
    {
        writer.WriteString("reason", JsonNamingPolicy.CamelCase.ConvertName(gap.Reason.ToString()));
        writer.WriteNumber("lane", gap.Lane);
        writer.WriteNumber("first", gap.First);
        writer.WriteNumber("last", gap.Last);
        writer.WriteString("text", Remedy.Join(gap.ToString(), gap.Remedy));
    }));

    private static string FactsText(BlockMetadata facts) => Encoding.UTF8.GetString(JsonObject.Bytes(writer =>
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
