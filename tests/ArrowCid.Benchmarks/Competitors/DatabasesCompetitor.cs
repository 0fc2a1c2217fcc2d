using System.Diagnostics;
using System.Globalization;

namespace ArrowCid.Benchmarks;

/// <summary>LMDB and SQLite, asked through their C APIs by a program that times itself
/// (<c>interop/c/databases.c</c>).</summary>
internal sealed class DatabasesCompetitor : IDisposable
{
    private readonly LineProcess _process;

    private DatabasesCompetitor(LineProcess process) => _process = process;

    /// <summary>Starts it with an LMDB and an SQLite database in a directory, neither of which flushes.</summary>
    public static DatabasesCompetitor? TryStart(string runner, string directory)
    {
        if (LineProcess.TryStart(new ProcessStartInfo("sh", [runner, "databases"])) is not { } process) return null;
        string lmdb = Path.Combine(directory, "lmdb");
        Directory.CreateDirectory(lmdb);
        _ = process.Ask($"lmdb {lmdb}");
        _ = process.Ask($"sqlite {Path.Combine(directory, "sqlite.db")}");
        return new DatabasesCompetitor(process);
    }

    /// <returns>The p50 of a put in a transaction of its own, in seconds.</returns>
    public double LmdbPut(int bytes, int count) => _process.AskNumber($"lmdb-put {bytes} {count}");

    /// <returns>The p50 of a get of the last value, which must have that length, in seconds.</returns>
    public double LmdbGet(int bytes, int count) => _process.AskNumber($"lmdb-get {bytes} {count}");

    /// <returns>The p50 of a put in a transaction of its own, in seconds.</returns>
    public double SqlitePut(int bytes, int count) => _process.AskNumber($"sqlite-put {bytes} {count}");

    /// <summary>Puts that SQLite flushes (WAL, synchronous=FULL), from so many connections at once.</summary>
    /// <returns>Puts a second.</returns>
    public double SqliteDurably(string file, int connections, int bytes, double seconds) => _process.AskNumber(
        string.Create(CultureInfo.InvariantCulture, $"durable {file} {connections} {bytes} {seconds:F3}"));

    /// <summary>Entries with a producer and a tag, each indexed with the time, in transactions of 10,000.</summary>
    /// <returns>Entries a second.</returns>
    public double RegistryInsert(string file, int entries) => _process.AskNumber($"registry {file} {entries}");

    /// <returns>The p50 of a page by a tag, in seconds.</returns>
    public double RegistryPage(int tags, int page, int looks) =>
        _process.AskNumber($"registry-page {tags} {page} {looks}");

    /// <returns>A quantile of an entry by its key, in seconds.</returns>
    public double RegistryPoint(int entries, int looks, double quantile) => _process.AskNumber(
        string.Create(CultureInfo.InvariantCulture, $"registry-point {entries} {looks} {quantile:F3}"));

    public void Dispose() => _process.Dispose();
}
