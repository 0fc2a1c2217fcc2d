using System.Diagnostics;
using System.Globalization;

namespace ArrowCid.Torture;

/// <summary>What a torture is asked for.</summary>
/// <param name="Seconds">The longest time.</param>
/// <param name="Rounds">The most rounds.</param>
/// <param name="Kills">The most kills.</param>
/// <param name="Processes">The most processes at the same time.</param>
/// <param name="Seed">The seed of all random choices.</param>
/// <param name="Directory">Where the stores are made.</param>
/// <param name="Bucket">A folder of a bucket for places, or null.</param>
/// <param name="Letters">The first letters of the steps to die at, or null for all.</param>
internal sealed record TortureOptions(double Seconds, int Rounds, int Kills, int Processes, int Seed,
    string Directory, string? Bucket, string? Letters);

/// <summary>
/// Rounds of processes that work on one store and are killed, at random or at an injected step, each followed by a
/// check. After some rounds the store is full enough, and another is made.
/// </summary>
internal sealed class TortureRun(TortureOptions options)
{
    private const int KilledBySignal = 128 + 9;
    private const int RoundsOfAStore = 5;
    private const int Calls = 500;
    private const int MostDelay = 150;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    private readonly Random _random = new(options.Seed);
    private readonly List<string> _journals = [];
    private readonly TortureChecker _checker = new();
    private readonly long _started = Stopwatch.GetTimestamp();
    private int _worker;

    public int Kills { get; private set; }

    public int Rounds { get; private set; }

    public int Stores { get; private set; }

    public long Promised => _checker.Promised;

    public long Hashed => _checker.Hashed;

    public long Restored => _checker.Restored;

    /// <summary>Blocks that were damaged between rounds, and repaired.</summary>
    public int Damaged { get; private set; }

    /// <summary>Who was killed at no step but at some moment.</summary>
    public int AtRandom { get; private set; }

    /// <summary>How often a worker died at each step; steps that none came to are 0.</summary>
    public SortedDictionary<string, int> Steps { get; } = new(StringComparer.Ordinal);

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_started);

    /// <summary>What went wrong, with where the evidence is; null where nothing did.</summary>
    public string? Failure { get; private set; }

    private bool IsOver => Failure is not null || Kills >= options.Kills || Rounds >= options.Rounds ||
        Elapsed.TotalSeconds >= options.Seconds;

    public bool Run(Action<TortureRun> onRound)
    {
        foreach (string step in TortureSteps.All.Select(step => step.ToString()).Where(IsChosen)) Steps[step] = 0;
        while (!IsOver)
        {
            TortureRole role = TortureSteps.RoleOfStore(Stores);
            string store = StorePath(Stores);
            Stores++;
            _journals.Clear();
            using var damage = new TortureDamage(_random.Next());
            for (int round = 0; round < RoundsOfAStore && !IsOver; round++)
            {
                if (!Round(store, role, damage, isFirst: round == 0)) break;
                onRound(this);
            }

            Damaged += damage.Damaged;
            bool isThere = System.IO.Directory.Exists(store);
            if (Failure is null && isThere && role != TortureRole.Ring)
                Report(Checked(() => TortureChecker.CheckEnd(store)), []);
            if (Failure is not null) return false;
            if (isThere) System.IO.Directory.Delete(store, recursive: true);
            foreach (string journal in _journals) File.Delete(journal);
        }

        return Failure is null;
    }

    /// <returns>False where the store has had its day.</returns>
    private bool Round(string store, TortureRole role, TortureDamage damage, bool isFirst)
    {
        Rounds++;
        if (!isFirst && role == TortureRole.Mixed && System.IO.Directory.Exists(store) && _random.Next(2) == 0)
            Report(Checked(() => TortureChecker.Damage(store, _journals, role, damage)), []);
        var workers = new List<Worker>();
        bool isFull = false;
        try
        {
            // More than half of the rounds have one process, which dies at a step.
            int processes = 1 + Math.Min(_random.Next(options.Processes), _random.Next(options.Processes));
            for (int i = 0; i < processes; i++)
            {
                // One in turn dies at a step, and one at random.
                TortureStep? step = i % 2 == 0 ? NextStep(role, isFirst, isAlone: i == 0) : null;
                if (step?.Before is { } before) isFull |= End(Start(store, role, before), 0);
                if (step is { IsAlone: true })
                {
                    Report(Checked(() => TortureChecker.RecordDamage(store, role)), []);
                    TortureStore.MakeForeign(store);
                    isFull |= End(Start(store, role, step.At), 0);
                    continue;
                }

                workers.Add(Start(store, role, step?.At));
            }

            foreach (Worker worker in workers.Where(worker => worker.Step is null)) KillSoon(worker);
            foreach (Worker worker in workers) isFull |= End(worker, 1);
        }
        finally
        {
            foreach (Worker worker in workers) worker.Dispose();
        }

        if (Failure is null && System.IO.Directory.Exists(store))
        {
            Report(Checked(() => _checker.Check(store, _journals, role, damage)), workers);
        }

        return Failure is null && !isFull;
    }

    private void Report(List<string> faults, List<Worker> workers)
    {
        foreach (string fault in faults) Fail(fault, workers);
    }

    private static List<string> Checked(Func<List<string>> check)
    {
        try
        {
            return check();
        }
        catch (ArrowCidException e)
        {
            return [$"the check could not be made: {e.Message}"];
        }
    }

    /// <summary>What is flushed in the temporary directory goes to a disk, or the steps of a flush are not come
    /// by.</summary>
    private string StorePath(int number)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"store-{number}");
        return TortureSteps.RoleOfStore(number) == TortureRole.Disk
            ? Path.Combine(Path.GetTempPath(), $"{Path.GetFileName(options.Directory)}-{name}")
            : Path.Combine(options.Directory, name);
    }

    /// <summary>Of the steps that this store and round come to, the one that was hit least; one that is tried in vain
    /// waits in the end as well.</summary>
    private TortureStep? NextStep(TortureRole role, bool isFirst, bool isAlone)
    {
        TortureStep? next = TortureSteps.Turns
            .Where(step => Steps.ContainsKey(step.Name) && step.Fits(role, isFirst, isAlone))
            .MinBy(step => (Steps[step.Name] * 4) + step.Tries);
        if (next is not null) next.Tries++;
        return next;
    }

    private bool IsChosen(string step) => (options.Bucket is not null || step[0] != TortureSteps.OfBuckets)
        && (options.Letters is null || options.Letters.Contains(step[0], StringComparison.Ordinal));

    private Worker Start(string store, TortureRole role, string? at)
    {
        CultureInfo plain = CultureInfo.InvariantCulture;
        int number = ++_worker;
        string journal = Path.Combine(options.Directory, string.Create(plain, $"journal-{number}"));
        _journals.Add(journal);
        TortureLoad load = TortureSteps.LoadOf(role, at, _random);
        ProcessStartInfo start = TortureWorkerCommand.With(store, journal, role.ToString(),
            load.ToString(), number.ToString(plain), _random.Next().ToString(plain), Calls.ToString(plain));
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment["ARROWCID_CRASH_AT"] = at ?? "";
        start.Environment[TorturePlaces.BucketVariable] = options.Bucket ?? "";
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_gcConcurrent"] = "0";
        return new Worker(Process.Start(start)!, at, $"{role} {load}");
    }

    /// <summary>At some moment of its start or of its work.</summary>
    private void KillSoon(Worker worker)
    {
        int delay = _random.Next(MostDelay);
        if (_random.Next(4) != 0) _ = worker.Process.StandardOutput.ReadLine();
        if (!worker.Process.WaitForExit(delay)) worker.Process.Kill();
    }

    /// <returns>Whether it found the store full.</returns>
    private bool End(Worker worker, int used)
    {
        using Worker? own = used == 0 ? worker : null;
        string errors = worker.Process.StandardError.ReadToEnd();
        if (!worker.Process.WaitForExit(s_patience))
        {
            worker.Process.Kill();
            Fail($"worker {worker.Process.Id} ({worker}) does not end", [worker]);
            return false;
        }

        int code = worker.Process.ExitCode;
        if (code == KilledBySignal)
        {
            Kills++;
            if (worker.Step?.Split(':')[0] is { } step) Steps[step] = Steps.GetValueOrDefault(step) + 1;
            else AtRandom++;
            return false;
        }

        bool isFull = code == TortureWorkerCommand.FoundItFilled;
        if (code != 0 && !isFull) Fail($"worker {worker} ended with exit code {code}: {errors.Trim()}", [worker]);
        return isFull;
    }

    private void Fail(string what, IEnumerable<Worker> workers)
    {
        string steps = string.Join(", ", workers.Select(worker => worker.ToString()));
        string all = string.Create(CultureInfo.InvariantCulture,
            $"seed {options.Seed}, round {Rounds} ({steps}): {what}; evidence in {options.Directory}{Elsewhere}");
        Failure = Failure is null ? all : $"{Failure}\n{all}";
    }

    private string Elsewhere => TortureSteps.RoleOfStore(Stores - 1) == TortureRole.Disk
        ? $" and {StorePath(Stores - 1)}"
        : "";

    private sealed record Worker(Process Process, string? Step, string Role) : IDisposable
    {
        public override string ToString() => $"{Role} {(Step is null ? "killed at random" : $"at {Step}")}";

        public void Dispose() => Process.Dispose();
    }
}
