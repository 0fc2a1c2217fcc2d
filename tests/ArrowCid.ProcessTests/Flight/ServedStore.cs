using System.Diagnostics;
using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Flight;

/// <summary><c>arrowcid serve</c> as a process of its own, over a store of the test's.</summary>
internal sealed class ServedStore : IDisposable
{
    private static readonly TimeSpan s_watchdog = TimeSpan.FromMinutes(2);
    private readonly TemporaryFolder _folder = new();
    private Process? _process;
    private string? _shared;

    private readonly string[] _flags;
    private readonly string _address;

    private ServedStore(string? socket, string[] flags)
    {
        _flags = flags;
        _address = socket is null ? "127.0.0.1:0" : $"unix:{Path.Combine(_folder.Name, socket)}";
    }

    /// <summary>Where Flight is served: <c>grpc://…</c>.</summary>
    public string Flight { get; private set; } = "";

    /// <summary>Where HTTP is served: <c>http://…</c>.</summary>
    public string Http { get; private set; } = "";

    public string Directory => _shared ?? _folder.Store;

    /// <summary>A folder for what the test writes.</summary>
    public string Folder => _folder.Name;

    /// <summary>What local clients show.</summary>
    public string Token => File.ReadAllText(Path.Combine(Directory, "serve.token")).Trim();

    /// <summary>What it logged, once it has ended.</summary>
    public string Log => _process!.StandardError.ReadToEnd();

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process!.HasExited;

    /// <summary>The server's process.</summary>
    public int ProcessId => _process!.Id;

    /// <param name="flags">What the command is told beside the store and where to listen.</param>
    public static ServedStore Start(params string[] flags) => Start(socket: null, flags);

    /// <summary>Starts another server over the store of one that has ended, which still owns it.</summary>
    public static ServedStore Over(ServedStore other)
    {
        var served = new ServedStore(socket: null, []) { _shared = other.Directory };
        served.Begin();
        return served;
    }

    /// <summary>Starts a server that listens on a Unix socket for Flight.</summary>
    /// <param name="socket">Its short name.</param>
    public static ServedStore StartAt(string socket) => Start(socket, []);

    /// <summary>Starts a server over a store that is filled first.</summary>
    /// <param name="fill">Gets the store's directory.</param>
    /// <param name="flags">As for <see cref="Start(string[])"/>.</param>
    public static ServedStore StartOver(Action<string> fill, params string[] flags)
    {
        var served = new ServedStore(socket: null, flags);
        fill(served.Directory);
        served.Begin();
        return served;
    }

    private static ServedStore Start(string? socket, string[] flags)
    {
        var served = new ServedStore(socket, flags);
        served.Begin();
        return served;
    }

    /// <summary>Starts the command, and waits until it says where it listens: the second time where it did before, so
    /// that clients find it again.</summary>
    public void Begin()
    {
        string flight = Flight.StartsWith("grpc://", StringComparison.Ordinal) ? new Uri(Flight).Authority : _address;
        var start = new ProcessStartInfo("dotnet",
        [
            Command.Dll, "serve", "--store", Directory, "--flight", flight, "--http", "127.0.0.1:0", .. _flags,
        ])
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
