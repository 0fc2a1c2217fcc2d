using System.Diagnostics;
using System.Globalization;

namespace ArrowCid.Cli.Bench;

/// <summary>
/// A Python process with pyarrow that does what a user would do without us: write a batch as an IPC stream and hash it
/// with hashlib. It reads the very batch from a file and times itself.
/// </summary>
internal sealed class PyArrowPeer : IDisposable
{
    private const string Launcher = "interop/peers/python";
    private const string Script = "interop/python/bench_peer.py";
    private readonly Process _process;

    private PyArrowPeer(Process process) => _process = process;

    /// <summary>Starts the peer, or returns null where the source tree or pyarrow is not to be had.</summary>
    public static PyArrowPeer? TryStart()
    {
        if (FindTree() is not { } tree) return null;
        var start = new ProcessStartInfo("sh", [Path.Combine(tree, Launcher), Path.Combine(tree, Script)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process process = Process.Start(start)
            ?? throw new ArrowCidException(ErrorCode.Io, "The peer could not be started.");
        if (process.StandardOutput.ReadLine() == "ready") return new PyArrowPeer(process);
        process.Dispose();
        return null;
    }

    /// <summary>Loads the batch of an IPC stream; later runs use it.</summary>
    public void Load(string path) => Ask($"load {path}");

    /// <summary>Writes and hashes the batch some times over.</summary>
    /// <returns>Seconds.</returns>
    public double Run(int times) => double.Parse(Ask($"run {times}"), CultureInfo.InvariantCulture);

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private string Ask(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
        return _process.StandardOutput.ReadLine()
            ?? throw new ArrowCidException(ErrorCode.Io, $"The peer ended: {_process.StandardError.ReadToEnd()}");
    }

    private static string? FindTree()
    {
        foreach (string start in new[] { Environment.CurrentDirectory, AppContext.BaseDirectory })
        {
            for (string? at = start; at is not null; at = Path.GetDirectoryName(at))
            {
                if (File.Exists(Path.Combine(at, Script)) && File.Exists(Path.Combine(at, Launcher))) return at;
            }
        }

        return null;
    }
}
