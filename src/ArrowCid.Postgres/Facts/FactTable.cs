using System.Globalization;
using ArrowCid.Registry;
using Npgsql;
using NpgsqlTypes;

namespace ArrowCid.Postgres;

/// <summary>Writes facts into the log of a pool, and into the words that are derived from it.</summary>
internal static class FactTable
{
    private const int MostAtOnce = 1000, MostGroupBytes = 60_000;

    private const string Upsert = """
        insert into word (digest, kind, key, stamp_time, stamp_writer, value, codec, text, number, links, facts)
        values (@digest, @kind, @key, @time, @writer, @value, @codec, @text, @number, @links, @facts)
        on conflict (digest, kind, key) do update set stamp_time = excluded.stamp_time,
          stamp_writer = excluded.stamp_writer, value = excluded.value, codec = excluded.codec, text = excluded.text,
          number = excluded.number, links = excluded.links, facts = excluded.facts
        where (excluded.stamp_time, excluded.stamp_writer, excluded.value) >
          (word.stamp_time, word.stamp_writer, word.value)
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
            await using var batch = new NpgsqlBatch(connection);
            foreach (FactWord word in some) batch.BatchCommands.Add(CommandOf(word));
            _ = await batch.ExecuteNonQueryAsync(end);
            for (int i = 0; i < some.Length; i++)
            {
                if (batch.BatchCommands[i].RecordsAffected > 0) _ = news.Add(some[i].Stamp);
            }
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
        if (stamp.When - now <= FactLimits.MaxAhead) return;
        throw new ArrowCidException(ErrorCode.InvalidData, string.Create(CultureInfo.InvariantCulture,
            $"a fact of {stamp.When:u} is over an hour ahead of the database's clock; set the clock that is wrong"));
    }

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

    private static NpgsqlBatchCommand CommandOf(FactWord word)
    {
        var command = new NpgsqlBatchCommand(Upsert);
        NpgsqlParameterCollection to = command.Parameters;
        _ = to.AddWithValue("digest", NpgsqlDbType.Bytea, PoolRows.BytesOf(word.Digest));
        _ = to.AddWithValue("kind", NpgsqlDbType.Smallint, (short)word.Kind);
        _ = to.AddWithValue("key", NpgsqlDbType.Bytea, word.Key);
        _ = to.AddWithValue("time", NpgsqlDbType.Bigint, (long)word.Stamp.Time);
        _ = to.AddWithValue("writer", NpgsqlDbType.Uuid, word.Stamp.WriterId);
        _ = to.AddWithValue("value", NpgsqlDbType.Bytea, word.Value);
        _ = to.AddWithValue("codec", NpgsqlDbType.Bigint, (long)word.Codec);
        _ = to.AddWithValue("text", NpgsqlDbType.Bytea, (object?)word.Text ?? DBNull.Value);
        _ = to.AddWithValue("number", NpgsqlDbType.Bigint, (object?)word.Number ?? DBNull.Value);
        _ = to.AddWithValue("links", NpgsqlDbType.Bytea | NpgsqlDbType.Array, (object?)word.Links ?? DBNull.Value);
        _ = to.AddWithValue("facts", NpgsqlDbType.Bytea, word.Facts);
        return command;
    }
}
