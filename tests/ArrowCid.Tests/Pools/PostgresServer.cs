using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace ArrowCid.Tests.Pools;

/// <summary>A PostgreSQL server of this test run, in a directory of its own. It ends with this process, whose end is
/// that of its standard input.</summary>
internal sealed class PostgresServer : IDisposable
{
    // PostgreSQL refuses to run as root.
    private const string RunAsNobody = "setpriv --reuid=65534 --regid=65534 --clear-groups ";

    private static readonly Lazy<PostgresServer> s_shared = new(() => new PostgresServer());

    private readonly string _directory = Directory.CreateTempSubdirectory("arrowcid-postgres-").FullName;
    private readonly Process _shell;

    /// <param name="primary">The server of which it is a standby; null for none.</param>
    /// <param name="isDurable">Whether commits are flushed to the disk.</param>
    public PostgresServer(PostgresServer? primary = null, bool isDurable = false)
    {
        string sync = isDurable ? "on" : "off";
        Port = FreePort();
        string user = Environment.UserName == "root" ? RunAsNobody : "";
        string own = user.Length > 0 ? $"chown 65534:65534 '{_directory}';" : "";
        string create = primary is null
            ? $"'{Programs}/initdb' -D '{_directory}/data' -A trust -U postgres -E UTF8 --locale=C -N"
            : $"'{Programs}/pg_basebackup' -D '{_directory}/data' -h 127.0.0.1 -p {primary.Port} -U postgres -R -c fast -N";
        // A line of the standard input kills the server with all its processes, or starts it.
        string script = $$"""
            {{own}} umask 077; cd '{{_directory}}'
            {{user}}{{create}} >'{{_directory}}/log' 2>&1 || exit 1
            start() {
              {{user}}'{{Programs}}/postgres' -D '{{_directory}}/data' -p {{Port}} -k '{{_directory}}' -c listen_addresses=127.0.0.1 \
                -c fsync={{sync}} -c max_connections=500 -c shared_buffers=32MB >>'{{_directory}}/log' 2>&1 </dev/null &
              server=$!
            }
            start
            while read -r line; do
              case $line in
                kill) kill -KILL $server $(cat /proc/$server/task/$server/children); wait $server ;;
                start) readlink /proc/$server/exe >/dev/null || start ;;
              esac
              echo "$line"
            done
            kill -INT $server; wait $server; rm -rf '{{_directory}}'
            """;
        _shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        WaitForStart();
    }

    /// <summary>The server that the tests share; it starts with the first call.</summary>
    public static PostgresServer Shared => s_shared.Value;

    /// <summary>The directory of the programs; null where they are not installed.</summary>
    public static string? Programs { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Concat(Directory.Exists("/usr/lib/postgresql")
            ? Directory.EnumerateDirectories("/usr/lib/postgresql").Order().Reverse().Select(each => $"{each}/bin") : [])
        .FirstOrDefault(folder => new[] { "initdb", "postgres", "pg_basebackup", "pg_dump", "pg_restore", "pgbench" }
            .All(program => File.Exists(Path.Combine(folder, program))));

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

    /// <summary>Runs one of the programs of PostgreSQL as its superuser.</summary>
    /// <returns>What it printed.</returns>
    public string Run(string program, params ReadOnlySpan<string> arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Programs!, program),
            ["-h", "127.0.0.1", "-p", $"{Port}", "-U", "postgres", .. arguments])
        {
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? text : throw new InvalidOperationException($"{program} ended with {process.ExitCode}");
    }

    /// <summary>Kills the server with all its processes.</summary>
    public void Kill() => Tell("kill");

    /// <summary>Starts the server again.</summary>
    public void Restart() => WaitForStart(() => Tell("start"));

    public void Dispose()
    {
        _shell.StandardInput.Close();
        _shell.WaitForExit();
        _shell.Dispose();
    }

    private void Tell(string what)
    {
        _shell.StandardInput.WriteLine(what);
        if (_shell.StandardOutput.ReadLine() != what) throw new InvalidOperationException("the server's shell has ended");
    }

    private void WaitForStart(Action? start = null)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                // A process of the killed server may still hold its memory, and the first attempt fails.
                start?.Invoke();
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

    internal static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }
}
