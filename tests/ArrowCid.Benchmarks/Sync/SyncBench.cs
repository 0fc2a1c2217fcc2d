using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using ArrowCid.Memory;
using ArrowCid.Sync;

namespace ArrowCid.Benchmarks;

/// <summary>Sync: the bytes and time that it takes to find the differences of two large sets, and stores of small blocks
/// that come into step, against rsync of the directory of files and git-annex.</summary>
/// <param name="isQuick">Whether shape matters more than figures.</param>
/// <param name="rounds">The rounds.</param>
internal sealed class SyncBench(bool isQuick, Rounds rounds) : IBench
{
    private const string Find = "find", Stores = "stores", Reference = "negentropy, measured elsewhere";
    private const double MostKilobytes = 50, MostSeconds = 2, MostOfTenMillion = 150, MostInStep = 0.4, MostMegabytes = 2 * 268;
    private const int Blocks = 2000, BlockBytes = 4096, New = 20;

    private readonly BenchPlace _place = BenchPlace.In("/dev/shm");
    private readonly string? _rsync = ProgramOf("rsync"), _annex = ProgramOf("git-annex");

    /// <summary>What can be measured alone.</summary>
    public static IEnumerable<string> Names => [Find, Stores];

    public Rounds Rounds => rounds;

    public string? MissingCompetitors
    {
        get
        {
            string[] missing = [.. new[] { (_rsync, "rsync"), (_annex, "git-annex") }
                .Where(each => each.Item1 is null).Select(each => each.Item2)];
            return missing.Length == 0 ? null : $"{string.Join(" and ", missing)} (Debian packages of these names)";
        }
    }

    public IEnumerable<Measurement> Run(string[] only)
    {
        bool Is(string name) => only.Length == 0 || only.Contains(name);
        if (Is(Find))
        {
            foreach (Measurement figure in Differences()) yield return figure;
        }

        if (!Is(Stores)) yield break;
        foreach (Measurement figure in Files()) yield return figure;
    }

    public void Dispose() => _place.Dispose();

    /// <summary>Two sets of digests in this process; the bytes are those of all messages. negentropy comes from no
    /// registry: its figures were measured with its own C++ headers over the same sizes, and are printed beside.</summary>
    private IEnumerable<Measurement> Differences()
    {
        int million = isQuick ? 100_000 : 1_000_000;
        (string Name, int Items, int Missing, double? Goal, double? Peer)[] cases =
        [
            ($"{Text(million)} in step, bytes", million, 0, MostInStep, 0.4),
            ($"{Text(million)} v. {Text(million)} - 37, bytes", million, 37, MostKilobytes, 67.6),
            ($"{Text(million)} v. {Text(million)} - 1000, bytes", million, 1000, null, null),
            ($"{Text(10 * million)} v. {Text(10 * million)} - 100, bytes", 10 * million, 100, MostOfTenMillion, 140),
        ];
        foreach ((string name, int items, int missing, double? goal, double? peer) in cases)
        {
            double kilobytes = 0, megabytes = 0;
            int trips = 0;
            double? seconds = rounds.AllInTurn(() => Rounds.Seconds(() =>
            {
                using var heap = new HeapWatch();
                var there = new SetEndOf(SyncSet.Of(() => Digests(0, items)));
                using var side = new LocalPeer("set", there, SyncRights.Read);
                var link = new SyncLink(side, CancellationToken.None);
                SyncDifference found = new SyncSearch(link).Find(new SyncWish(SyncSubject.Blocks, null, false, null),
                    _ => SyncSet.Of(() => Digests(missing, items - missing)));
                if (found.There.Count != missing) throw new InvalidOperationException("a difference was not found");
                megabytes = heap.Most / 1e6;
                (kilobytes, trips) = (link.ByteLength / 1000.0, link.RoundTrips);
            }))[0];
            yield return new Measurement(name, kilobytes, isQuick ? null : peer, "kB", peer is null ? "" : Reference,
                null, goal)
            {
                IsLessBetter = true,
                Note = string.Create(CultureInfo.InvariantCulture, $"{trips} round trips"),
            };
            yield return new Measurement(name.Replace("bytes", "both sides", StringComparison.Ordinal), seconds, null, "s",
                "", null, items == million && missing == 37 ? MostSeconds : null)
            {
                IsLessBetter = true,
                Note = "the sets are made and fixed again each time",
            };
            yield return new Measurement(name.Replace("bytes", "memory of both sides", StringComparison.Ordinal), megabytes,
                null, "MB", "", null, items == 10 * million ? MostMegabytes : null)
            {
                IsLessBetter = true,
                Note = "managed heap, with what is not collected yet",
            };
        }
    }

    /// <summary>A store of small blocks, of which the other side lacks some: brought in step again, both stores open. rsync
    /// and git-annex do the same for a directory of files with the same bytes, each as a program.</summary>
    private IEnumerable<Measurement> Files()
    {
        int blocks = isQuick ? Blocks / 10 : Blocks, number = 0;
        var options = new CidStoreOptions { Capacity = 512L << 20 };
        using BenchStore one = _place.Open("one", options), other = _place.Open("other", options);
        string from = _place.PathOf("files"), to = _place.PathOf("copy");
        _ = Directory.CreateDirectory(from);
        _ = Directory.CreateDirectory(to);
        for (int i = 0; i < blocks; i++) Add(number++);
        Sync();
        if (_rsync is not null) Rsync();
        string annexFrom = _place.PathOf("annex"), annexTo = _place.PathOf("annex-copy");
        if (_annex is not null) BeginAnnex(annexFrom, annexTo);
        double?[] seconds = rounds.AllInTurn(
            () =>
            {
                AddSome();
                return Rounds.Seconds(Sync);
            },
            _rsync is null ? null : () =>
            {
                AddSome();
                return Rounds.Seconds(Rsync);
            },
            _annex is null ? null : () =>
            {
                AddSome();
                foreach (string file in Directory.EnumerateFiles(from))
                    File.Copy(file, Path.Combine(annexFrom, Path.GetFileName(file)), overwrite: false);
                return Rounds.Seconds(() => Annex(annexFrom));
            });
        string what = string.Create(CultureInfo.InvariantCulture, $"{blocks} blocks of 4 KiB, {New} new, in step");
        yield return new Measurement(what, Milliseconds(seconds[0]), Milliseconds(seconds[1]), "ms",
            "rsync -a of the files", 1)
        { IsLessBetter = true };
        yield return new Measurement(what, Milliseconds(seconds[0]), Milliseconds(seconds[2]), "ms",
            "git-annex add, sync --content", 1)
        { IsLessBetter = true };

        void Add(int seed)
        {
            var bytes = new byte[BlockBytes];
            new Random(seed).NextBytes(bytes);
            _ = one.Store.PutRaw(bytes);
            File.WriteAllBytes(Path.Combine(from, seed.ToString("x8", CultureInfo.InvariantCulture)), bytes);
        }

        void AddSome()
        {
            for (int i = 0; i < New; i++) Add(number++);
        }

        void Sync()
        {
            using SyncPeer peer = other.Store.Transfer.AsSyncPeer();
            if (!one.Store.Transfer.Sync(peer).IsInStep) throw new InvalidOperationException("the stores are not in step");
        }

        void Rsync() => Start(_rsync!, _place.PathOf("."), "-a", from + "/", to + "/");
    }

    private void BeginAnnex(string from, string to)
    {
        string git = ProgramOf("git") ?? throw new InvalidOperationException("git-annex needs git");
        foreach (string folder in new[] { from, to })
        {
            _ = Directory.CreateDirectory(folder);
            Start(git, folder, "init", "-q");
            Start(_annex!, folder, "init", "bench");
        }

        Start(git, from, "remote", "add", "copy", to);
        Annex(from);
    }

    private void Annex(string folder)
    {
        Start(_annex!, folder, "add", "--quiet", ".");
        Start(_annex!, folder, "sync", "--quiet", "--content", "copy");
    }

    private static void Start(string program, string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["GIT_AUTHOR_NAME"] = start.Environment["GIT_COMMITTER_NAME"] = "bench";
        start.Environment["GIT_AUTHOR_EMAIL"] = start.Environment["GIT_COMMITTER_EMAIL"] = "bench@localhost";
        using Process process = Process.Start(start)!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {arguments[0]}: {errors}");
    }

    private static string? ProgramOf(string name)
    {
        string peers = Environment.GetEnvironmentVariable("ARROWCID_PEERS") ?? "/var/tmp/arrowcid-peers";
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append(Path.Combine(peers, "copiers", "run"))
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }

    private static double? Milliseconds(double? seconds) => seconds * 1000;

    private static string Text(int count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Digests of numbers, which take no memory.</summary>
    private static IEnumerable<Digest256> Digests(int first, int count)
    {
        var bytes = new byte[Digest256.ByteCount];
        for (int i = first; i < first + count; i++)
        {
            for (int word = 0; word < bytes.Length / sizeof(ulong); word++)
            {
                // SplitMix64.
                ulong mixed = unchecked((((ulong)i * 4) + (ulong)word + 1) * 0x9e3779b97f4a7c15);
                mixed = unchecked((mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9);
                mixed = unchecked((mixed ^ (mixed >> 27)) * 0x94d049bb133111eb);
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(word * sizeof(ulong)), mixed ^ (mixed >> 31));
            }

            yield return new Digest256(bytes);
        }
    }
}
