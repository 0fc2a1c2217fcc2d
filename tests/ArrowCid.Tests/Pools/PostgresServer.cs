using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace ArrowCid.Tests.Pools;

/// <summary>A PostgreSQL server of this test run, in a directory of its own. It ends with this process, whose end is
/// that of its standard input.</summary>
internal sealed class PostgresServer
{
    // PostgreSQL refuses to run as root.
    private const string RunAsNobody = "setpriv --reuid=65534 --regid=65534 --clear-groups ";

    private static readonly Lazy<PostgresServer> s_shared = new(() => new PostgresServer());

    private readonly string _directory = Directory.CreateTempSubdirectory("arrowcid-postgres-").FullName;
    private readonly Process _shell;

    private PostgresServer()
    {
        Port = FreePort();
        string user = Environment.UserName == "root" ? RunAsNobody : "";
        string own = user.Length > 0 ? $"chown 65534:65534 '{_directory}';" : "";
        string script = $"""
            {own} umask 077; cd '{_directory}'
            {user}'{Programs}/initdb' -D '{_directory}/data' -A trust -U postgres -E UTF8 --locale=C -N >'{_directory}/log' 2>&1 || exit 1
            {user}'{Programs}/postgres' -D '{_directory}/data' -p {Port} -k '{_directory}' -c listen_addresses=127.0.0.1 \
              -c fsync=off -c max_connections=200 -c shared_buffers=32MB >>'{_directory}/log' 2>&1 &
            server=$!
            cat >/dev/null
            kill -INT $server; wait $server; rm -rf '{_directory}'
            """;
        _shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]) { RedirectStandardInput = true })!;
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                using var connection = new NpgsqlConnection(ConnectionString);
                connection.Open();
                return;
            }
            catch (NpgsqlException) when (!_shell.HasExited && attempt < 600)
            {
                _ = _shell.WaitForExit(50);
            }
        }
    }

    /// <summary>The server that the tests share; it starts with the first call.</summary>
    public static PostgresServer Shared => s_shared.Value;

    /// <summary>The directory of the programs; null where they are not installed.</summary>
    public static string? Programs { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Concat(Directory.Exists("/usr/lib/postgresql")
            ? Directory.EnumerateDirectories("/usr/lib/postgresql").Order().Reverse().Select(each => $"{each}/bin") : [])
        .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb"))
            && File.Exists(Path.Combine(folder, "postgres")));

    /// <summary>Its port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>The parameters of a connection as its superuser.</summary>
    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Username=postgres;Database=postgres;Pooling=false";

    /// <summary>The URL of a schema.</summary>
    public string UrlOf(string schema, int? port = null) =>
        $"postgres://postgres@127.0.0.1:{port ?? Port}/postgres?schema={schema}";

    /// <summary>Runs a statement.</summary>
    /// <returns>The first value, or null.</returns>
    public async Task<object?> RunAsync(string schema, string sql)
    {
        await using var connection = new NpgsqlConnection($"{ConnectionString};Search Path={schema}");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    internal static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }
}
