using System.Diagnostics;

namespace ArrowCid.Benchmarks;

/// <summary>Cached functions of Python, against joblib and diskcache in the same process
/// (<c>interop/python/bench_memo.py</c>).</summary>
internal sealed class MemoBench : IBench
{
    private const string Small = "small", Large = "large", Once = "once", Pass = "pass", Language = "language",
        Few = "few";
    private const int SmallBytes = 1 << 10;

    private static readonly (string Way, string Name, double SmallGoal, double LargeGoal)[] s_competitors =
    [
        ("diskcache", "diskcache", 2, 500), ("joblib", "joblib", 20, 500), ("joblib-mmap", "joblib, mmap", 20, 10),
    ];

    // The figures of the cache that this one follows, in ms.
    private static readonly (string Operation, string Name, double Goal)[] s_few =
    [
        ("touch", "touch", 0.79), ("list", "list by a tag", 0.40), ("delete", "delete by a tag", 44),
    ];

    private readonly bool _isQuick;
    private readonly BenchPlace _place = BenchPlace.In("/dev/shm");
    private readonly LineProcess _python;

    public MemoBench(bool isQuick, int rounds)
    {
        (_isQuick, Rounds) = (isQuick, new Rounds(rounds));
        try
        {
            ProcessStartInfo start = SourceTree.Python("interop/python/bench_memo.py", Directory.CreateDirectory(
                _place.PathOf("memo")).FullName) ?? throw Broken("there is no source tree");
            if (Environment.GetEnvironmentVariable("ARROWCID_LIBRARY") is null &&
                SourceTree.Find(".artifacts/native/libarrowcid.so") is { } library)
            {
                start.Environment["ARROWCID_LIBRARY"] = library;
            }

            _python = LineProcess.TryStart(start) ?? throw Broken("the Python that has pyarrow does not start");
            if (Lack("ours") is { } lack) throw Broken(lack);
        }
        catch
        {
            _python?.Dispose();
            _place.Dispose();
            throw;
        }
    }

    public static IEnumerable<string> Names => [Small, Large, Few, Once, Pass, Language];

    public Rounds Rounds { get; }

    /// <summary>Nothing: each line says what it lacks.</summary>
    public string? MissingCompetitors => null;

    public IEnumerable<Measurement> Run(string[] only)
    {
        bool IsWanted(string name) => only.Length == 0 || only.Contains(name);
        if (IsWanted(Small)) foreach (Measurement each in Hit(SmallBytes, "1 KiB", isLarge: false)) yield return each;
        if (IsWanted(Large))
        {
            (int bytes, string size) = _isQuick ? (4 << 20, "4 MiB") : (64 << 20, "64 MiB");
            foreach (Measurement each in Hit(bytes, size, isLarge: true)) yield return each;
        }

        if (IsWanted(Few)) foreach (Measurement each in FewEntries()) yield return each;
        if (IsWanted(Once)) yield return Together();
        if (IsWanted(Pass)) yield return Passed();
        if (IsWanted(Language)) yield return SecondLanguage();
    }

    public void Dispose()
    {
        _python.Dispose();
        _place.Dispose();
    }

    private IEnumerable<Measurement> Hit(int bytes, string size, bool isLarge)
    {
        int fast = _isQuick ? 100 : 2000, slow = _isQuick ? 3 : isLarge ? 20 : 300;
        double?[] p50 = Rounds.AllInTurn(
            [() => Seconds("ours", bytes, fast), .. s_competitors.Select(each => Lack(each.Way) is null
                ? () => Seconds(each.Way, bytes, slow)
                : (Func<double>?)null)]);
        for (int i = 0; i < s_competitors.Length; i++)
        {
            (string way, string name, double small, double large) = s_competitors[i];
            yield return new Measurement($"hit, {size}, against {name}", p50[0] * 1e6, p50[i + 1] * 1e6, "us", name,
                isLarge ? large : small)
            {
                IsLessBetter = true,
                Note = Lack(way) ?? "an array of float64 from a cached function, one value read",
                // The goals of large values are those of 64 MiB.
                IsGoalForHere = !isLarge || !_isQuick,
            };
        }
    }

    private IEnumerable<Measurement> FewEntries()
    {
        string? lack = Lack("diskcache");
        int count = _isQuick ? 5 : 50;
        foreach ((string operation, string name, double goal) in s_few)
        {
            double Ask(string way) => _python.AskNumber($"few {operation} {way} {count}");
            double?[] p50 = Rounds.AllInTurn(() => Ask("ours"), lack is null ? () => Ask("diskcache") : null);
            yield return new Measurement($"{name}, 200 entries, from Python", p50[0], p50[1], "ms", "diskcache", null, goal)
            {
                IsLessBetter = true,
                Note = lack ?? (operation == "touch" ? "one call; diskcache: one transaction" : null),
            };
        }
    }

    private Measurement Together()
    {
        double ours = _python.AskNumber("once ours");
        double? competitor = Lack("joblib") is null ? _python.AskNumber("once joblib") : null;
        return new Measurement("executions of 8 processes that miss one key", ours, competitor, "executions", "joblib", null,
            1)
        {
            IsLessBetter = true,
            Note = Lack("joblib") ?? "each process calls at the same time; the function takes half a second",
        };
    }

    private Measurement Passed()
    {
        double?[] seconds = Rounds.AllInTurn(() => _python.AskNumber("pass"));
        return new Measurement("from kill -9 of the one that computes to the next computation", seconds[0] * 1e3, null, "ms",
            "", null, 100)
        {
            IsLessBetter = true,
        };
    }

    /// <summary>A result that this process stores is found by Python.</summary>
    private Measurement SecondLanguage()
    {
        using (var store = CidStore.Open(_place.PathOf("memo/ours"), new CidStoreOptions { Capacity = 1 << 30 }))
        {
            var memo = Memo.Open(store, "shared");
            _ = memo.GetOrComputeBytesAsync(memo.Key(new { n = 1 }),
                _ => Task.FromResult<ReadOnlyMemory<byte>>(new byte[] { 1 })).GetAwaiter().GetResult();
        }

        return new Measurement("executions in Python of a call that C# computed", _python.AskNumber("count"), null,
            "executions", "", null, 0)
        {
            IsLessBetter = true,
        };
    }

    private double Seconds(string way, int bytes, int count) => _python.AskNumber($"hit {way} {bytes} {count}");

    private string? Lack(string way) => _python.Ask($"has {way}") is not "yes" and var why ? why : null;

    private static ArrowCidException Broken(string why) =>
        new(ErrorCode.Io, $"the package for Python cannot be measured: {why}");
}
