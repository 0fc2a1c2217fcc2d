using System.Text;
using ArrowCid.Columnar;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.Registry;

namespace ArrowCid.Flight.Service;

/// <summary>The registry as a table: a row a block, with what is said of it.</summary>
internal sealed class CatalogueTable(CidStore store)
{
    private const int RowsPerBatch = 1 << 14;
    private static readonly TimestampType s_time = new(TimeUnit.Millisecond, "UTC");

    public static Schema Schema { get; } = new(
        new Field("cid", ArrowType.Utf8, nullable: false),
        new Field("schemaCid", ArrowType.Utf8),
        new Field("kind", ArrowType.Utf8, nullable: false),
        new Field("rows", ArrowType.Int64, nullable: false),
        new Field("bytes", ArrowType.Int64, nullable: false),
        new Field("created", s_time),
        new Field("expires", s_time),
        new Field("names", new ListType(new Field("item", ArrowType.Utf8))),
        new Field("isPinned", ArrowType.Boolean, nullable: false),
        new Field("producer", ArrowType.Utf8),
        new Field("tags", ArrowType.Utf8),
        new Field("json", ArrowType.Utf8));

    public async Task Run(GrpcCall call, Request request, BatchSender sender)
    {
        IEnumerable<StoredEntry> entries = FlightRequest.FilterOf(request) is { } filter
            ? store.Query(filter)
            : store.Entries();
        await sender.SchemaAsync(Schema, call.Cancel).ConfigureAwait(false);
        foreach (StoredEntry[] page in entries.Chunk(RowsPerBatch))
            await sender.BatchAsync(Table(page), "", call.Cancel).ConfigureAwait(false);
    }

    private static RecordBatch Table(StoredEntry[] entries)
    {
        BytesBuilder cid = new(), schema = new(), kind = new(), name = new(), producer = new(), tags = new(),
            json = new();
        FixedBuilder<long> rows = new(), bytes = new(), created = new(s_time), expires = new(s_time);
        var pinned = new FixedBuilder<bool>();
        var names = new ListBuilder(name);
        foreach (StoredEntry entry in entries)
        {
            cid.Append(entry.Cid.ToString());
            schema.Append(entry.SchemaCid?.ToString());
            kind.Append(EntryJson.KindOf(entry));
            rows.Append(entry.Rows);
            bytes.Append(entry.ByteLength);
            created.Append(entry.Created?.ToUnixTimeMilliseconds());
            expires.Append(entry.Expires?.ToUnixTimeMilliseconds());
            foreach (string each in entry.Names) name.Append(each);
            names.Append();
            pinned.Append(entry.IsPinned);
            producer.Append(entry.Producer);
            tags.Append(entry.Tags.Count == 0 ? null : TagsText(entry));
            json.Append(entry.Json);
        }

        return new RecordBatch(Schema, entries.Length, cid.Build(), schema.Build(), kind.Build(), rows.Build(),
            bytes.Build(), created.Build(), expires.Build(), names.Build(), pinned.Build(), producer.Build(),
            tags.Build(), json.Build());
    }

    /// <summary>An entry as the command's listings show it.</summary>
    public static byte[] TextOf(StoredEntry entry) => JsonObject.Bytes(writer => EntryJson.Write(writer, entry));

    /// <summary>Tags as a JSON object.</summary>
    private static string TagsText(StoredEntry entry) => Encoding.UTF8.GetString(JsonObject.Bytes(writer =>
    {
        foreach ((string key, string value) in entry.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal))
            writer.WriteString(key, value);
    }));
}
