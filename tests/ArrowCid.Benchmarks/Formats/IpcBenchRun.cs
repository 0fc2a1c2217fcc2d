using System.Diagnostics;
using System.Globalization;

namespace ArrowCid.Benchmarks;

/// <summary>What the measurements of <c>ipc</c> share: the rounds, a place in shared memory, and the Python
/// processes that are timed (<c>interop/python/bench_ipc.py</c>), ours and the competitors' in one.</summary>
internal sealed class IpcBenchRun : IBench
{
    private const string Library = "ARROWCID_LIBRARY";
    private const long QuickCapacity = 256 << 20, RoomBeside = 1 << 30;

    private readonly BenchPlace _memory;
    private readonly RedisCompetitor? _redis;
    private readonly LineProcess? _python;
    private readonly Dictionary<string, string?> _lacks = [];

    public IpcBenchRun(bool isQuick, int rounds)
    {
        IsQuick = isQuick;
        Rounds = new Rounds(rounds);
        string library = FindLibrary();
        _memory = BenchPlace.In("/dev/shm");
        try
        {
            Sizes = GetBench.Sizes(isQuick, _memory, out string? lack);
            SizesLack = lack;
            if (SourceTree.FindRunner() is { } runner)
                _redis = RedisCompetitor.TryStart(runner, _memory.PathOf("redis"));
            _python = Start(library);
            if (Lack("store") is { } fault)
                throw new ArrowCidException(ErrorCode.Io, $"the Python package does not work: {fault}");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Whether shape matters more than figures.</summary>
    public bool IsQuick { get; }

    public Rounds Rounds { get; }

    /// <summary>The sizes of batches that are got, smallest first.</summary>
    public int[] Sizes { get; }

    /// <summary>Why they end where they do; null where nothing is lacking.</summary>
    public string? SizesLack { get; }

    /// <summary>Nothing: each line says what it lacks.</summary>
    public string? MissingCompetitors => null;

    public IEnumerable<Measurement> Run(string[] only) => IpcBench.Run(this, only);

    /// <summary>A count for a full run, or for a quick one.</summary>
    public int Pick(int full, int quick) => IsQuick ? quick : full;

    /// <returns>Why a way cannot be measured here, or null where it can.</returns>
    public string? Lack(string way)
    {
        if (_lacks.TryGetValue(way, out string? known)) return known;
        string answer = Python.Ask($"has {way}");
        return _lacks[way] = answer == "yes" ? null : answer;
    }

    /// <summary>A figure of one way, for <see cref="Rounds.AllInTurn"/>.</summary>
    /// <param name="what">What is measured: <c>get</c>, <c>put</c> or <c>deliver</c>.</param>
    /// <param name="way">By which way.</param>
    /// <param name="bytes">The batch's size.</param>
    /// <param name="count">How often.</param>
    /// <returns>Gives the seconds; null where the way is lacking.</returns>
    public Func<double>? Side(string what, string way, int bytes, int count)
    {
        if (way != "hash" && Lack(way) is not null) return null;
        string line = string.Create(CultureInfo.InvariantCulture, $"{what} {way} {bytes} {count}");
        return () => Python.AskNumber(line);
    }

    public void Dispose()
    {
        _python?.Dispose();
        _redis?.Dispose();
        _memory.Dispose();
    }

    private LineProcess Python => _python!;

    private static string FindLibrary()
    {
        string? named = Environment.GetEnvironmentVariable(Library);
        string? found = string.IsNullOrEmpty(named) ? SourceTree.Find(".artifacts/native/libarrowcid.so") : named;
        if (found is null) throw new ArrowCidException(ErrorCode.Io, "libarrowcid is missing: run interop/build");
        return File.Exists(found)
            ? found
            : throw new ArrowCidException(ErrorCode.Io,
                $"{Library} names {found}, which is not there: run interop/build, and unset it");
    }

    private LineProcess Start(string library)
    {
        long capacity = IsQuick ? QuickCapacity : (Sizes[^1] * 2L) + RoomBeside;
        ProcessStartInfo start = SourceTree.Python("interop/python/bench_ipc.py", "measure", _memory.PathOf(""),
            capacity.ToString(CultureInfo.InvariantCulture), _redis?.SocketPath ?? "-")
            ?? throw new ArrowCidException(ErrorCode.Io, "this needs interop/python of a checkout: run it there");
        start.Environment[Library] = library;
        return LineProcess.TryStart(start)
            ?? throw new ArrowCidException(ErrorCode.Io, "PEER MISSING: pyarrow and numpy; run interop/peers/setup");
    }
}
