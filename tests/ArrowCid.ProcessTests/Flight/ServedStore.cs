using System.Diagnostics;
using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Flight;

/// <summary><c>arrowcid serve</c> as a process of its own, over a store of the test's.</summary>
internal sealed class ServedStore : IDisposable
{
    private static readonly TimeSpan s_watchdog = TimeSpan.FromMinutes(2);
    private readonly TemporaryFolder _folder = new();
    private Process? _process;

    private readonly string _address;

    private ServedStore(string? socket) =>
        _address = socket is null ? "127.0.0.1:0" : $"unix:{Path.Combine(_folder.Name, socket)}";

    /// <summary>Where Flight is served: <c>grpc://…</c>.</summary>
    public string Flight { get; private set; } = "";

    /// <summary>Where HTTP is served: <c>http://…</c>.</summary>
    public string Http { get; private set; } = "";

    public string Directory => _folder.Store;

    /// <summary>A folder for what the test writes.</summary>
    public string Folder => _folder.Name;

    /// <summary>What local clients show.</summary>
    public string Token => File.ReadAllText(Path.Combine(Directory, "serve.token")).Trim();

    /// <summary>The server's process.</summary>
    public int ProcessId => _process!.Id;

    /// <summary>Starts a server.</summary>
    /// <param name="socket">Flight's Unix socket, by its short name; null: a free port.</param>
    public static ServedStore Start(string? socket = null)
    {
        var served = new ServedStore(socket);
        served.Begin();
        return served;
    }

    /// <summary>Starts the command, and waits until it says where it listens.</summary>
    public void Begin()
    {
        var start = new ProcessStartInfo("dotnet",
            [Command.Dll, "serve", "--store", Directory, "--flight", _address, "--http", "127.0.0.1:0"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        var said = new List<string>();
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            said.Add(line);
            if (line.StartsWith("flight", StringComparison.Ordinal)) Flight = line.Split(' ')[^1];
            if (!line.StartsWith("http", StringComparison.Ordinal)) continue;
            Http = line.Split(' ')[^1];
            return;
        }

        throw new InvalidOperationException(
            $"serve ended: {string.Join('\n', said)}\n{_process.StandardError.ReadToEnd()}");
    }

    /// <summary>Sends SIGTERM and waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public int Terminate()
    {
        using (Process kill = Process.Start("kill", ["-TERM", $"{_process!.Id}"])) kill.WaitForExit();
        return WaitForExit();
    }

    public void Kill()
    {
        _process!.Kill();
        _ = WaitForExit();
    }

    public void Dispose()
    {
        if (_process is { HasExited: false }) _process.Kill();
        _process?.WaitForExit(s_watchdog);
        _process?.Dispose();
        _folder.Dispose();
    }

    private int WaitForExit()
    {
        if (!_process!.WaitForExit(s_watchdog)) throw new TimeoutException("the server did not end");
        return _process.ExitCode;
    }
}
