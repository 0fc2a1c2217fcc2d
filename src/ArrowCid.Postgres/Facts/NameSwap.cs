using ArrowCid.Registry;
using NpgsqlTypes;

namespace ArrowCid.Postgres;

/// <summary>A change of a name of a pool, in one statement that can be sent again: the stamp, which is unique, tells
/// whether an earlier attempt was committed.</summary>
/// <param name="Name">The name.</param>
/// <param name="Target">The block; null removes the name.</param>
/// <param name="Previous">The change that this one replaces; null for none.</param>
/// <param name="Stamp">The stamp, later than that of the previous change.</param>
internal sealed record NameSwap(string Name, Cid? Target, FactStamp? Previous, FactStamp Stamp)
{
    /// <summary>The outcome of a change.</summary>
    public enum Outcome
    {
        /// <summary>The name points to the target.</summary>
        Done = 0,

        /// <summary>Another change was first.</summary>
        Lost = 1,

        /// <summary>The lease of the member has ended.</summary>
        Fenced = 2,

        /// <summary>The target, or a block that it needs, is not in the pool.</summary>
        Missing = 3,

        /// <summary>The stamp is more than an hour ahead of the database's clock.</summary>
        Ahead = 4,
    }

    /// <summary>The change as the payload of a record of facts.</summary>
    public byte[] Payload { get; } =
        FactWriter.Write([new FactGroup(Stamp, [new NameFact(Name, Target, Previous)])], out _);

    /// <summary>Sends the change, and again where no answer comes.</summary>
    /// <returns>The outcome; the digest of a missing block; the place in the log.</returns>
    public Task<(Outcome Outcome, byte[]? Missing, ulong Xid, long Seq)> RunAsync(PoolDatabase database, long member,
        CancellationToken end) => database.RunAsync(async (connection, token) =>
    {
        List<(Outcome, byte[]?, ulong, long)> rows = await PoolRows.QueryAsync(connection,
            "select outcome, missing, at_xid, at_seq from swap_name($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            [
                member, Name,
                PoolRows.Nullable(NpgsqlDbType.Bytea, Target is { } target ? PoolRows.BytesOf(target) : null),
                PoolRows.Nullable(NpgsqlDbType.Bigint, (long?)Target?.Codec),
                (long)Stamp.Time, Stamp.WriterId,
                PoolRows.Nullable(NpgsqlDbType.Bigint, (long?)Previous?.Time),
                PoolRows.Nullable(NpgsqlDbType.Uuid, Previous?.WriterId),
                Payload,
            ],
            row => ((Outcome)row.GetInt32(0), row.IsDBNull(1) ? null : row.GetFieldValue<byte[]>(1),
                row.IsDBNull(2) ? 0 : row.GetFieldValue<ulong>(2), row.IsDBNull(3) ? 0 : row.GetInt64(3)), token);
        return rows[0];
    }, end);

    /// <summary>Reads the last change of a name.</summary>
    /// <returns>Null where the name was never changed.</returns>
    public static async Task<(FactStamp Stamp, Cid? Target)?> ReadAsync(PoolDatabase database, string name,
        CancellationToken end)
    {
        List<(FactStamp, Cid?)> rows = await database.RunAsync((connection, token) => PoolRows.QueryAsync(connection,
            "select stamp_time, stamp_writer, target, codec from name where name = $1", [name],
            row => (PoolRows.StampOf(row.GetInt64(0), row.GetGuid(1)),
                row.IsDBNull(2) ? (Cid?)null : PoolRows.CidOf(row.GetFieldValue<byte[]>(2), row.GetInt64(3))), token),
            end);
        return rows.Count == 0 ? null : rows[0];
    }
}
