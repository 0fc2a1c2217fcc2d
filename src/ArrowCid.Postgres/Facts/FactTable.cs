using System.Globalization;
using ArrowCid.Registry;
using Npgsql;
using NpgsqlTypes;

namespace ArrowCid.Postgres;

/// <summary>Writes facts into the log of a pool, and into the words that are derived from it.</summary>
internal static class FactTable
{
    private const int MostAtOnce = 1000, MostGroupBytes = 60_000;

    // The links of a word come as one text of bytes, because an array of arrays must be rectangular.
    private const string Upsert = """
        insert into word (digest, kind, key, stamp_time, stamp_writer, value, codec, text, number, links, facts)
        select digest, kind, key, stamp_time, stamp_writer, value, codec, text, number, case when links is not null then
          array(select substr(links, at, 32) from generate_series(1, length(links), 32) at) end, facts
        from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) as
          t (digest, kind, key, stamp_time, stamp_writer, value, codec, text, number, links, facts)
        on conflict (digest, kind, key) do update set stamp_time = excluded.stamp_time,
          stamp_writer = excluded.stamp_writer, value = excluded.value, codec = excluded.codec, text = excluded.text,
          number = excluded.number, links = excluded.links, facts = excluded.facts
        where (excluded.stamp_time, excluded.stamp_writer, excluded.value) >
          (word.stamp_time, word.stamp_writer, word.value)
        returning stamp_time, stamp_writer
        """;

    /// <summary>Writes the groups of which a word is news.</summary>
    /// <param name="connection">A transaction.</param>
    /// <param name="member">The member that says them.</param>
    /// <param name="groups">The groups.</param>
    /// <param name="end">Ends the call.</param>
    /// <returns>The place of the last one in the log; null where none was news.</returns>
    public static async Task<(ulong Xid, long Seq)?> WriteAsync(NpgsqlConnection connection, long member,
        IReadOnlyList<FactGroup> groups, CancellationToken end)
    {
        List<FactWord> words = FactWord.Fold(groups.SelectMany(group =>
            group.Facts.SelectMany(fact => FactWord.Of(group.Stamp, fact))));
        HashSet<FactStamp> news = await UpsertAsync(connection, words, end);
        (ulong, long)? last = null;
        foreach (byte[] payload in PayloadsOf(groups.Where(group => news.Contains(group.Stamp))))
            last = await AppendAsync(connection, member, payload, end);
        return last;
    }

    /// <summary>Writes words that are later than those that are there.</summary>
    /// <returns>The stamps of those that were.</returns>
    public static async Task<HashSet<FactStamp>> UpsertAsync(NpgsqlConnection connection, List<FactWord> words,
        CancellationToken end)
    {
        var news = new HashSet<FactStamp>();
        foreach (FactWord[] some in words.Chunk(MostAtOnce))
        {
            news.UnionWith(await PoolRows.QueryAsync(connection, Upsert,
                [
                    Bytes(some, word => PoolRows.BytesOf(word.Digest)),
                    some.Select(word => (short)word.Kind).ToArray(),
                    Bytes(some, word => word.Key),
                    some.Select(word => (long)word.Stamp.Time).ToArray(),
                    some.Select(word => word.Stamp.WriterId).ToArray(),
                    Bytes(some, word => word.Value),
                    some.Select(word => (long)word.Codec).ToArray(),
                    Bytes(some, word => word.Text),
                    some.Select(word => word.Number).ToArray(),
                    Bytes(some, word => word.Links is null ? null : [.. word.Links.SelectMany(link => link)]),
                    Bytes(some, word => word.Facts),
                ], row => PoolRows.StampOf(row.GetInt64(0), row.GetGuid(1)), end));
        }

        return news;
    }

    /// <summary>Groups as payloads of records, as few as they take.</summary>
    public static IEnumerable<byte[]> PayloadsOf(IEnumerable<FactGroup> groups)
    {
        var open = new List<FactGroup>();
        int bytes = 0;
        foreach (FactGroup group in groups.SelectMany(Split))
        {
            int length = FactWriter.Write([group], out _).Length;
            if (open.Count > 0 && bytes + length > MostGroupBytes)
            {
                yield return FactWriter.Write([.. open], out _);
                open.Clear();
                bytes = 0;
            }

            open.Add(group);
            bytes += length;
        }

        if (open.Count > 0) yield return FactWriter.Write([.. open], out _);
    }

    /// <summary>A group that is too long for a record as one group for each fact.</summary>
    private static IEnumerable<FactGroup> Split(FactGroup group)
    {
        if (group.Facts.Length == 1) return [group];
        FactGroup[] single = [.. group.Facts.Select(fact => group with { Facts = [fact] })];
        return single.Sum(each => FactWriter.Write([each], out _).Length) <= MostGroupBytes ? [group] : single;
    }

    /// <summary>Throws where a stamp is more than an hour ahead of the database's clock.</summary>
    public static void ThrowIfAhead(IEnumerable<FactGroup> groups, long nowMilliseconds)
    {
        DateTimeOffset now = DateTimeOffset.FromUnixTimeMilliseconds(nowMilliseconds);
        foreach (FactGroup group in groups) ThrowIfAhead(group.Stamp, now);
    }

    private static void ThrowIfAhead(FactStamp stamp, DateTimeOffset now)
    {
        if (stamp.When - now > FactLimits.MaxAhead) throw AheadError(stamp);
    }

    /// <summary>Whether a payload has a stamp that is more than an hour ahead of the database's clock.</summary>
    public static bool IsAhead(byte[] payload, long nowMilliseconds) =>
        FactReader.Read(payload, ulong.MaxValue, _ => { }).Exists(group =>
            (long)(group.Stamp.Time >> 16) - nowMilliseconds > (long)FactLimits.MaxAhead.TotalMilliseconds);

    /// <summary>The error of a stamp that is more than an hour ahead of the database's clock.</summary>
    public static ArrowCidException AheadError(FactStamp stamp) => new(ErrorCode.InvalidData,
        string.Create(CultureInfo.InvariantCulture,
            $"a fact of {stamp.When:u} is over an hour ahead of the database's clock; set the clock that is wrong"));

    private static async Task<(ulong Xid, long Seq)> AppendAsync(NpgsqlConnection connection, long member,
        byte[] payload, CancellationToken end)
    {
        await using var command = new NpgsqlCommand(
            "insert into fact_group (member, facts) values (@member, @facts) returning xid, seq", connection);
        _ = command.Parameters.AddWithValue("member", member);
        _ = command.Parameters.AddWithValue("facts", payload);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(end);
        _ = await reader.ReadAsync(end);
        return (reader.GetFieldValue<ulong>(0), reader.GetInt64(1));
    }

    private static NpgsqlParameter Bytes(FactWord[] words, Func<FactWord, byte[]?> of) => new()
    {
        NpgsqlDbType = NpgsqlDbType.Bytea | NpgsqlDbType.Array,
        Value = words.Select(of).ToArray(),
    };
}
