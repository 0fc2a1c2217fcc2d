using System.Globalization;
using System.Reflection;
using Npgsql;

namespace ArrowCid.Postgres;

/// <summary>The tables of a pool: numbered scripts in this assembly, each run once.</summary>
internal static class PoolSchema
{
    /// <summary>The version that this program reads and writes.</summary>
    public const int Current = 2;

    /// <summary>Creates or upgrades the tables, one process at a time.</summary>
    public static async Task MigrateAsync(PoolDatabase database, CancellationToken end) =>
        _ = await database.TransactAsync(async (connection, token) =>
        {
            string schema = database.Address.Schema;
            await ExecuteAsync(connection, $"select pg_advisory_xact_lock(hashtext('arrowcid.schema.{schema}'))",
                token);
            await ExecuteAsync(connection, $"create schema if not exists {schema}", token);
            await ExecuteAsync(connection, "create table if not exists version (version int not null)", token);
            int version = await ReadVersionAsync(connection, token) ?? 0;
            ThrowIfLater(database, version);
            for (int next = version + 1; next <= Current; next++)
                await ExecuteAsync(connection, ScriptOf(next), token);
            await ExecuteAsync(connection, "delete from version", token);
            await ExecuteAsync(connection,
                string.Create(CultureInfo.InvariantCulture, $"insert into version values ({Current})"), token);
            return true;
        }, end);

    /// <summary>Throws where a pool is of a version that this program does not know.</summary>
    public static Task RequireAsync(PoolDatabase database, CancellationToken end) =>
        database.RunAsync(async (connection, token) =>
        {
            int? version = await ReadVersionAsync(connection, token);
            if (version is null)
            {
                throw new ArrowCidException(ErrorCode.NameNotFound,
                    $"there is no pool in {database.Address.Name}, schema '{database.Address.Schema}'");
            }

            ThrowIfLater(database, version.Value);
            return version.Value == Current
                ? true
                : throw new ArrowCidException(ErrorCode.FormatVersion,
                    $"{database.Address.Name} has a pool of version {version}; create it again to upgrade it to " +
                    $"version {Current}");
        }, end);

    private static void ThrowIfLater(PoolDatabase database, int version)
    {
        if (version <= Current) return;
        throw new ArrowCidException(ErrorCode.FormatVersion,
            $"{database.Address.Name} has a pool of version {version}; this program knows version {Current}");
    }

    private static async Task<int?> ReadVersionAsync(NpgsqlConnection connection, CancellationToken end)
    {
        await using var exists = new NpgsqlCommand("select to_regclass('version') is not null", connection);
        if (await exists.ExecuteScalarAsync(end) is not true) return null;
        await using var command = new NpgsqlCommand("select max(version) from version", connection);
        return await command.ExecuteScalarAsync(end) as int?;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken end)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        _ = await command.ExecuteNonQueryAsync(end);
    }

    private static string ScriptOf(int version)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{version}.sql");
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
