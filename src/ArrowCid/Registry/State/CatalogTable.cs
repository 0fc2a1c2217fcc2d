using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Registry;

/// <summary>The registry as a table (<c>CATALOG.md</c>): a row an entry.</summary>
internal sealed class CatalogTable
{
    public const int RowsPerBatch = 1 << 16;

    // Of texts alone a batch has not much more than this, in UTF-16 code units.
    private const long MostText = 1 << 26;

    /// <summary>The key of the schema's metadata that says its version.</summary>
    public const string VersionKey = "arrowcid:catalogue";

    public const string Version = "1";

    private static readonly TimestampType s_time = new(TimeUnit.Millisecond, "UTC");
    private static readonly ListType s_texts = new(new Field("item", ArrowType.Utf8, nullable: false));
    private static readonly MapType s_tags = new(new Field("key", ArrowType.Utf8, nullable: false),
        new Field("value", ArrowType.Utf8, nullable: false));

    private readonly BytesBuilder _cid = new(), _schema = new(), _kind = new(), _producer = new(), _json = new(),
        _name = new(), _parent = new(), _location = new(), _tag = new(), _tagValue = new();

    private readonly FixedBuilder<long> _rows = new(), _bytes = new(), _created = new(s_time), _expires = new(s_time);
    private readonly FixedBuilder<bool> _pinned = new();
    private readonly StructBuilder _tagEntries;
    private readonly ListBuilder _names, _parents, _locations, _tags;
    private readonly bool _withHolds;
    private long _text;

    private CatalogTable(bool withHolds)
    {
        _withHolds = withHolds;
        (_names, _parents, _locations) = (new ListBuilder(s_texts, _name), new ListBuilder(s_texts, _parent),
            new ListBuilder(s_texts, _location));
        _tagEntries = new StructBuilder((StructType)s_tags.Entries.Type, _tag, _tagValue);
        _tags = new ListBuilder(s_tags, _tagEntries);
    }

    public static Schema Schema { get; } = new(
        [
            new Field("cid", ArrowType.Utf8, nullable: false),
            new Field("schemaCid", ArrowType.Utf8),
            new Field("kind", ArrowType.Utf8, nullable: false),
            new Field("rows", ArrowType.Int64, nullable: false),
            new Field("bytes", ArrowType.Int64, nullable: false),
            new Field("created", s_time),
            new Field("expires", s_time),
            new Field("isPinned", ArrowType.Boolean, nullable: false),
            new Field("producer", ArrowType.Utf8),
            new Field("names", s_texts, nullable: false),
            new Field("parents", s_texts, nullable: false),
            new Field("tags", s_tags, nullable: false),
            new Field("locations", s_texts, nullable: false),
            new Field("json", ArrowType.Utf8),
        ],
        [KeyValuePair.Create(VersionKey, Version)]);

    /// <summary>The CID of <see cref="Schema"/>.</summary>
    public static Cid SchemaCid { get; } = CanonicalBlock.SchemaCid(Schema);

    /// <summary>Entries as batches, each made when it is come to.</summary>
    /// <param name="entries">The entries, in the order of the rows.</param>
    /// <param name="rowsPerBatch">The maximum number of rows per batch.</param>
    /// <param name="withHolds">Whether what a living process holds counts as pinned.</param>
    public static IEnumerable<RecordBatch> Of(IEnumerable<StoredEntry> entries, int rowsPerBatch = RowsPerBatch,
        bool withHolds = true)
    {
        var table = new CatalogTable(withHolds);
        foreach (StoredEntry entry in entries)
        {
            table.Append(entry);
            if (table._cid.Length == rowsPerBatch || table._text >= MostText) yield return table.Take();
        }

        if (table._cid.Length > 0) yield return table.Take();
    }

    /// <summary>A batch of no rows.</summary>
    public static RecordBatch Empty() => new CatalogTable(withHolds: true).Take();

    private void Append(StoredEntry entry)
    {
        Text(_cid, entry.Cid.ToString());
        Text(_schema, entry.SchemaCid?.ToString());
        Text(_kind, EntryJson.KindOf(entry));
        _rows.Append(entry.Rows);
        _bytes.Append(entry.ByteLength);
        _created.Append(entry.Created?.ToUnixTimeMilliseconds());
        _expires.Append(entry.Expires?.ToUnixTimeMilliseconds());
        _pinned.Append(_withHolds ? entry.IsPinned : entry.HasPin);
        Text(_producer, entry.Producer);
        Texts(_names, _name, entry.Names);
        Texts(_parents, _parent, entry.Parents.Select(parent => parent.ToString()));
        foreach ((string key, string value) in entry.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal))
        {
            Text(_tag, key);
            Text(_tagValue, value);
            _tagEntries.Append();
        }

        _tags.Append();
        Texts(_locations, _location, entry.Locations);
        Text(_json, entry.Json);
    }

    private void Texts(ListBuilder lists, BytesBuilder items, IEnumerable<string> texts)
    {
        foreach (string text in texts) Text(items, text);
        lists.Append();
    }

    private void Text(BytesBuilder column, string? text)
    {
        column.Append(text);
        _text += text?.Length ?? 0;
    }

    private RecordBatch Take()
    {
        _text = 0;
        return new RecordBatch(Schema, _cid.Length, _cid.Build(), _schema.Build(), _kind.Build(), _rows.Build(),
            _bytes.Build(), _created.Build(), _expires.Build(), _pinned.Build(), _producer.Build(), _names.Build(),
            _parents.Build(), _tags.Build(), _locations.Build(), _json.Build());
    }
}
