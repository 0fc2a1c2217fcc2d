using ArrowCid.Memory;
using ArrowCid.Registry;
using Npgsql;
using NpgsqlTypes;

namespace ArrowCid.Postgres;

/// <summary>Values of rows.</summary>
internal static class PoolRows
{
    /// <summary>A digest as a row has it.</summary>
    public static byte[] BytesOf(Digest256 digest) => Digest256.Bytes(in digest).ToArray();

    /// <summary>The digest of a CID as a row has it.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidCid"/>: it is not of version 1 with a
    /// SHA-256.</exception>
    public static byte[] BytesOf(Cid cid) => cid is { IsDefault: false, Version: 1 } &&
        cid.TryGetSha256(out Digest256 digest)
        ? BytesOf(digest)
        : throw new ArrowCidException(ErrorCode.InvalidCid, $"{cid} is not of version 1 with a SHA-256");

    /// <summary>The CID of a digest and a codec.</summary>
    public static Cid CidOf(byte[] digest, long codec) => Cid.FromSha256((ulong)codec, new Digest256(digest));

    /// <summary>The stamp of a row.</summary>
    public static FactStamp StampOf(long time, Guid writer)
    {
        Span<byte> bytes = stackalloc byte[FactStamp.WriterBytes];
        _ = writer.TryWriteBytes(bytes, bigEndian: true, out _);
        return new FactStamp((ulong)time, FactStamp.ReadWriter(bytes));
    }

    /// <summary>A command with parameters in the order $1, $2 …</summary>
    public static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params ReadOnlySpan<object> values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (object value in values)
        {
            NpgsqlParameter parameter = value switch
            {
                byte[] bytes => new NpgsqlParameter { Value = bytes, NpgsqlDbType = NpgsqlDbType.Bytea },
                byte[][] many => new NpgsqlParameter
                {
                    Value = many,
                    NpgsqlDbType = NpgsqlDbType.Bytea | NpgsqlDbType.Array,
                },
                ulong xid => new NpgsqlParameter { Value = xid, NpgsqlDbType = NpgsqlDbType.Xid8 },
                NpgsqlParameter given => given,
                _ => new NpgsqlParameter { Value = value },
            };
            _ = command.Parameters.Add(parameter);
        }

        return command;
    }

    /// <summary>A parameter that may be null.</summary>
    public static NpgsqlParameter Nullable(NpgsqlDbType type, object? value) =>
        new() { NpgsqlDbType = type, Value = value ?? DBNull.Value };

    /// <summary>Runs a command with parameters in the order $1, $2 …</summary>
    /// <returns>The number of rows.</returns>
    public static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, object[] values,
        CancellationToken end)
    {
        await using NpgsqlCommand command = Command(connection, sql, values);
        return await command.ExecuteNonQueryAsync(end);
    }

    /// <summary>Runs a query with parameters in the order $1, $2 …</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="sql">The query.</param>
    /// <param name="values">The parameters.</param>
    /// <param name="read">Reads a row.</param>
    /// <param name="end">Ends the call.</param>
    public static async Task<List<T>> QueryAsync<T>(NpgsqlConnection connection, string sql, object[] values,
        Func<NpgsqlDataReader, T> read, CancellationToken end)
    {
        await using NpgsqlCommand command = Command(connection, sql, values);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(end);
        var rows = new List<T>();
        while (await reader.ReadAsync(end)) rows.Add(read(reader));
        return rows;
    }
}
