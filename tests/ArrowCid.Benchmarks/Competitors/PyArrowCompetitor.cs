namespace ArrowCid.Benchmarks;

/// <summary>
/// A Python process with pyarrow that does what a user would do without us: write a batch as an IPC stream and hash it
/// with hashlib, write and read Parquet. It reads the very batches from a file, takes one thread and times itself.
/// </summary>
internal sealed class PyArrowCompetitor : IDisposable
{
    private readonly LineProcess _process;

    private PyArrowCompetitor(LineProcess process) => _process = process;

    /// <summary>Starts the competitor, or returns null where the source tree or pyarrow is not to be had.</summary>
    public static PyArrowCompetitor? TryStart()
    {
        if (SourceTree.Python("interop/python/bench_peer.py") is not { } start) return null;
        start.RedirectStandardError = true;
        return LineProcess.TryStart(start) is { } process ? new PyArrowCompetitor(process) : null;
    }

    /// <summary>Loads the batches of an IPC stream; later runs use them.</summary>
    public void Load(string path) => _process.Ask($"load {path}");

    /// <summary>Writes and hashes the first batch some times over.</summary>
    /// <returns>Seconds.</returns>
    public double Run(int times) => _process.AskNumber($"run {times}");

    /// <summary>Writes the batches as a Parquet file, a row group each.</summary>
    /// <returns>Seconds.</returns>
    public double WriteParquet(string path, string codec) => _process.AskNumber($"parquet {path} {codec}");

    /// <summary>Reads a Parquet file, row group by row group.</summary>
    /// <returns>Seconds.</returns>
    public double ReadParquet(string path) => _process.AskNumber($"read {path}");

    public void Dispose() => _process.Dispose();
}
