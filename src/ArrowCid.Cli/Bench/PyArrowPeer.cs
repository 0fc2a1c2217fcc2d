namespace ArrowCid.Cli.Bench;

/// <summary>
/// A Python process with pyarrow that does what a user would do without us: write a batch as an IPC stream and hash it
/// with hashlib. It reads the very batch from a file and times itself.
/// </summary>
internal sealed class PyArrowPeer : IDisposable
{
    private readonly LineProcess _process;

    private PyArrowPeer(LineProcess process) => _process = process;

    /// <summary>Starts the peer, or returns null where the source tree or pyarrow is not to be had.</summary>
    public static PyArrowPeer? TryStart()
    {
        if (PeerTree.Python("interop/python/bench_peer.py") is not { } start) return null;
        start.RedirectStandardError = true;
        return LineProcess.TryStart(start) is { } process ? new PyArrowPeer(process) : null;
    }

    /// <summary>Loads the batch of an IPC stream; later runs use it.</summary>
    public void Load(string path) => _process.Ask($"load {path}");

    /// <summary>Writes and hashes the batch some times over.</summary>
    /// <returns>Seconds.</returns>
    public double Run(int times) => _process.AskNumber($"run {times}");

    public void Dispose() => _process.Dispose();
}
