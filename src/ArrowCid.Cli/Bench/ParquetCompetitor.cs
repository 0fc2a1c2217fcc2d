using System.Diagnostics;

namespace ArrowCid.Cli.Bench;

/// <summary>
/// A process with another .NET library for Parquet (<c>tests/ArrowCid.Benchmarks</c>, which the command does not
/// carry). It reads the batches from a file and times itself.
/// </summary>
internal sealed class ParquetCompetitor : IDisposable
{
    private const string Program = ".artifacts/bin/ArrowCid.Benchmarks/release/ArrowCid.Benchmarks.dll";

    private readonly LineProcess _process;

    private ParquetCompetitor(string name, LineProcess process) => (Name, _process) = (name, process);

    /// <summary>The library's name.</summary>
    public string Name { get; }

    /// <summary>Starts one process per library; none where the program is not built as Release.</summary>
    public static IEnumerable<ParquetCompetitor> Start()
    {
        if (PeerTree.Find(Program) is not { } program) yield break;
        foreach (string name in new[] { "ParquetSharp", "Parquet.Net" })
        {
            var start = new ProcessStartInfo("dotnet", [program, name.ToLowerInvariant()]);
            if (LineProcess.TryStart(start) is { } process) yield return new ParquetCompetitor(name, process);
        }
    }

    /// <summary>Loads the batches of an IPC stream; later runs use them.</summary>
    public void Load(string path) => _process.Ask($"load {path}");

    /// <summary>Writes the batches as a Parquet file, one row group per batch.</summary>
    /// <returns>Seconds, or NaN where the library cannot do it.</returns>
    public double WriteParquet(string path, string codec) => _process.AskNumber($"parquet {path} {codec}");

    /// <summary>Reads a Parquet file.</summary>
    /// <returns>Seconds, or NaN where the library cannot do it.</returns>
    public double ReadParquet(string path) => _process.AskNumber($"read {path}");

    public void Dispose() => _process.Dispose();
}
