using System.Globalization;
using System.Text;
using ArrowCid.Memory;
using ArrowCid.Registry;
using Npgsql;

namespace ArrowCid.Postgres;

/// <summary>Answers filters from the tables of a pool: the database finds what may pass, by its indexes, and the filter
/// itself decides of each entry.</summary>
internal sealed class PoolQueries(PoolDatabase database, SignerReader signers)
{
    private const int PageRows = 500;

    /// <summary>Finds a page of entries.</summary>
    public async Task<PoolPage> RunAsync(QueryOptions options, CancellationToken end)
    {
        (long Ticks, byte[] Digest)? after = options.After is { } text ? ReadCursor(text) : null;
        DateTimeOffset now = DateTimeOffset.UtcNow;
        var entries = new List<StoredEntry>();
        while (true)
        {
            (List<StoredEntry> found, (long, byte[])? last) = await ReadAsync(options, after, end);
            foreach (StoredEntry entry in found)
            {
                if (options.Filter?.Matches(entry, now) == false) continue;
                if (entries.Count == Math.Max(1, options.Limit))
                    return new PoolPage { Entries = entries, Next = WriteCursor(entries[^1]) };
                entries.Add(entry);
            }

            if (last is null) return new PoolPage { Entries = entries, Next = null };
            after = last;
        }
    }

    private static string WriteCursor(StoredEntry entry)
    {
        _ = entry.Cid.TryGetSha256(out Digest256 digest);
        return string.Create(CultureInfo.InvariantCulture, $"{entry.Created!.Value.UtcTicks}-{digest}");
    }

    private static (long, byte[]) ReadCursor(string text)
    {
        int minus = text.IndexOf('-', StringComparison.Ordinal);
        bool isCursor = minus > 0 & long.TryParse(minus > 0 ? text[..minus] : "", NumberStyles.None,
            CultureInfo.InvariantCulture, out long ticks) && ticks <= DateTimeOffset.MaxValue.UtcTicks
            && text.Length - minus - 1 == 2 * Digest256.ByteCount && text[(minus + 1)..].All(char.IsAsciiHexDigit);
        return isCursor
            ? (ticks, Convert.FromHexString(text[(minus + 1)..]))
            : throw new ArrowCidException(ErrorCode.InvalidArgument, $"'{text}' is no place in a listing of a pool");
    }

    private async Task<(List<StoredEntry> Entries, (long, byte[])? Last)> ReadAsync(QueryOptions options,
        (long Ticks, byte[] Digest)? after, CancellationToken end)
    {
        FilterSql filter = FilterSql.Of(options.Filter);
        var values = new List<object>(filter.Values);
        var sql = new StringBuilder("""
            select b.digest, b.codec, b.kind, b.schema, b.rows, b.bytes, b.created, exists (
              select from place p join object o on o.key = p.key where p.digest = b.digest and o.state = 'L')
            from block b where
            """).Append(' ').Append(filter.Condition);
        if (after is { } place)
        {
            values.Add(new DateTimeOffset(place.Ticks, TimeSpan.Zero));
            values.Add(place.Digest);
            char sign = options.NewestFirst ? '<' : '>';
            _ = sql.Append(CultureInfo.InvariantCulture,
                $" and (b.created, b.digest) {sign} (${values.Count - 1}, ${values.Count})");
        }

        string order = options.NewestFirst ? "desc" : "asc";
        _ = sql.Append(CultureInfo.InvariantCulture,
            $" order by b.created {order}, b.digest {order} limit {PageRows}");
        return await database.RunAsync(async (connection, token) =>
        {
            List<Row> rows = await PoolRows.QueryAsync(connection, sql.ToString(), [.. values], Row.Read, token);
            byte[][] digests = [.. rows.Select(row => row.Digest)];
            ILookup<string, byte[]> words = (await PoolRows.QueryAsync(connection,
                "select digest, facts from word where digest = any ($1)", [digests],
                row => (Convert.ToHexString(row.GetFieldValue<byte[]>(0)), row.GetFieldValue<byte[]>(1)), token))
                .ToLookup(each => each.Item1, each => each.Item2);
            ILookup<string, string> names = (await PoolRows.QueryAsync(connection,
                "select target, name from name where target = any ($1)", [digests],
                row => (Convert.ToHexString(row.GetFieldValue<byte[]>(0)), row.GetString(1)), token))
                .ToLookup(each => each.Item1, each => each.Item2);
            HashSet<string> held = [.. await PoolRows.QueryAsync(connection, """
                select h.digest from hold h join member m on m.id = h.member
                where h.digest = any ($1) and m.lease_until > clock_timestamp()
                """, [digests], row => Convert.ToHexString(row.GetFieldValue<byte[]>(0)), token)];
            List<StoredEntry> entries = [.. rows.Where(row => row.IsLive || options.IncludeMissing)
                .Select(row => Show(row, words, names, held))];
            (long, byte[])? last = rows.Count < PageRows ? null : (rows[^1].Created.UtcTicks, rows[^1].Digest);
            return (entries, last);
        }, end);
    }

    private StoredEntry Show(Row row, ILookup<string, byte[]> words, ILookup<string, string> names,
        HashSet<string> held)
    {
        string key = Convert.ToHexString(row.Digest);
        var state = new RegistryState();
        foreach (byte[] facts in words[key])
        {
            foreach (FactGroup group in FactReader.Read(facts, ulong.MaxValue, _ => { })) state.Apply(group);
        }

        Cid cid = PoolRows.CidOf(row.Digest, row.Codec);
        BlockMetadataState? sheet = state.Find(new Digest256(row.Digest))?.Sheet;
        return new StoredEntry
        {
            Cid = cid,
            SchemaCid = row.Schema is null ? null : Cid.FromSha256(Multicodec.Raw, new Digest256(row.Schema)),
            Kind = (BlockKind)row.Kind,
            Rows = row.Rows,
            ByteLength = row.Bytes,
            IsPresent = row.IsLive,
            Created = row.Created,
            LastPut = row.Created,
            Producer = sheet?.Producer.Value,
            Parents = sheet?.Parents.Value ?? [],
            Names = [.. names[key].Order(StringComparer.Ordinal)],
            IsPinned = held.Contains(key) || (sheet?.Pin.Value ?? false),
            HasPin = sheet?.Pin.Value ?? false,
            IsHeld = held.Contains(key),
            Expires = sheet?.Expires.Value is { } expires
                ? DateTimeOffset.FromUnixTimeMilliseconds((long)expires) : null,
            Tags = sheet?.Tags ?? BlockMetadataState.NoTags,
            Locations = sheet?.Locations?.All ?? [],
            Copies = EntryReader.CopiesOf(sheet),
            Signed = sheet?.Signed is { } signed ? [.. signed.Keys] : [],
            SignersOf = sheet?.Signed is null ? null : pairs => signers.Of(cid, pairs),
            Data = sheet?.Data.Value is { Kind: not Ipld.IpldKind.Null } data ? data : null,
        };
    }

    private sealed record Row(byte[] Digest, long Codec, short Kind, byte[]? Schema, long Rows, long Bytes,
        DateTimeOffset Created, bool IsLive)
    {
        public static Row Read(NpgsqlDataReader row) => new(row.GetFieldValue<byte[]>(0), row.GetInt64(1),
            row.GetInt16(2), row.IsDBNull(3) ? null : row.GetFieldValue<byte[]>(3), row.GetInt64(4), row.GetInt64(5),
            row.GetFieldValue<DateTimeOffset>(6), row.GetBoolean(7));
    }
}
