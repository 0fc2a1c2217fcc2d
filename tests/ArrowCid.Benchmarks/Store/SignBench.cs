using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.Cose;
using ArrowCid.Signing;

namespace ArrowCid.Benchmarks;

/// <summary>Signatures: what a signed put takes more than a put, verifications, and evidence bundles.</summary>
/// <param name="isQuick">Whether shape matters more than figures.</param>
/// <param name="rounds">The rounds.</param>
internal sealed class SignBench(bool isQuick, Rounds rounds) : IBench
{
    private const double PutGoal = 100, VerifyGoal = 10_000, BundleGoal = 0.7, PythonGoal = 0.8;
    private const int PutBytes = 100 << 10, BlockBytes = 1 << 20, Threads = 2;
    private const string Put = "put", Verify = "verify", Bundle = "bundle", Cose = "System.Security.Cryptography.Cose";

    private readonly BenchPlace _place = BenchPlace.In("/dev/shm");
    private readonly SigningKey _key = SigningKey.Create();

    /// <summary>What can be measured alone.</summary>
    public static IEnumerable<string> Names => [Put, Verify, Bundle];

    public Rounds Rounds => rounds;

    public string? MissingCompetitors => null;

    public IEnumerable<Measurement> Run(string[] only)
    {
        bool Is(string name) => only.Length == 0 || only.Contains(name);
        if (Is(Put)) yield return SignedPut();
        if (Is(Verify)) yield return Verifications();
        if (!Is(Bundle)) yield break;
        foreach (Measurement figure in Bundles()) yield return figure;
    }

    public void Dispose()
    {
        _key.Dispose();
        _place.Dispose();
    }

    /// <summary>How much longer a put takes with a signed statement. The other side only signs, with the COSE of
    /// .NET, and stores nothing.</summary>
    private Measurement SignedPut()
    {
        int count = isQuick ? 100 : 2000;
        long bytes = (long)count * PutBytes * 2 * (rounds.Count + 2);
        var options = new CidStoreOptions { Capacity = Math.Max(256L << 20, ((bytes * 5 / 4 >> 20) + 64) << 20) };
        using BenchStore store = _place.Open("signed", options);
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var signer = new CoseSigner(ecdsa, HashAlgorithmName.SHA256);
        var batch = new NumberedBatch(PutBytes, columns: 8);
        byte[] payload = new byte[256];
        double?[] seconds = rounds.AllInTurn(
            () => Rounds.Seconds(() =>
            {
                for (int i = 0; i < count; i++) _ = store.Store.Put(batch.Next());
            }),
            () => Rounds.Seconds(() =>
            {
                for (int i = 0; i < count; i++) _ = store.Store.Signatures.Sign(store.Store.Put(batch.Next()).Cid, _key);
            }),
            () => Rounds.Seconds(() =>
            {
                for (int i = 0; i < count; i++) _ = CoseSign1Message.SignDetached(payload, signer);
            }));
        return new Measurement("put of 100 KiB: what the signed statement takes more",
            (seconds[1] - seconds[0]) * 1e6 / count, seconds[2] * 1e6 / count, "us", $"{Cose}, signature alone", null, PutGoal)
        {
            IsLessBetter = true,
        };
    }

    private Measurement Verifications()
    {
        int count = isQuick ? 200 : 10_000;
        SignedStatement[] statements = [.. Enumerable.Range(0, Math.Min(count, 1000)).Select(number =>
            SignedStatement.Sign(new Statement
            {
                Subject = Cid.Sha256(Multicodec.Raw, BitConverter.GetBytes(number)),
                Time = DateTimeOffset.UnixEpoch.AddSeconds(number),
                Says = new Dictionary<string, string> { ["role"] = "approved" },
                Key = _key.Id,
            }, _key))];
        ECDsa[] keys = [.. Enumerable.Range(0, Threads).Select(_ =>
        {
            var key = ECDsa.Create();
            key.ImportFromPem(_key.PublicKey!.ToPem());
            return key;
        })];
        double?[] seconds = rounds.AllInTurn(
            () => Checked(statements, count),
            () => OnThreads(count, (thread, i) =>
            {
                SignedStatement one = statements[i % statements.Length];
                return CoseMessage.DecodeSign1(one.Signature.Span).VerifyDetached(keys[thread], one.Block.Span);
            }));
        foreach (ECDsa key in keys) key.Dispose();
        return new Measurement("statements read and verified, many at once on two processors", count / seconds[0], count / seconds[1],
            "1/s", $"{Cose}, signature alone", null, VerifyGoal)
        {
            IsGoalForHere = Environment.ProcessorCount >= Threads,
        };
    }

    private static double Checked(SignedStatement[] statements, int count) => Rounds.Seconds(() =>
    {
        for (int done = 0; done < count; done += statements.Length)
        {
            IReadOnlyList<SignatureState> states = SignedStatement.CheckMany(statements);
            if (states.Any(state => state != SignatureState.Holds))
                throw new InvalidOperationException("A signature does not hold.");
        }
    });

    private static double OnThreads(int count, Func<int, int, bool> holds) => Rounds.Seconds(() =>
    {
        int failed = 0;
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(thread => new Thread(() =>
        {
            for (int i = thread; i < count; i += Threads)
            {
                if (!holds(thread, i)) _ = Interlocked.Increment(ref failed);
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        if (failed > 0) throw new InvalidOperationException($"{failed} signatures do not hold.");
    });

    private IEnumerable<Measurement> Bundles()
    {
        int count = isQuick ? 8 : 1000;
        long bytes = (long)count * BlockBytes;
        using BenchStore store = _place.Open("bundle", new CidStoreOptions { Capacity = (bytes * 5 / 4) + (128 << 20) });
        var batch = new NumberedBatch(BlockBytes, columns: 8);
        Cid[] cids = [.. Enumerable.Range(0, count).Select(_ => store.Store.Put(batch.Next()).Cid)];
        _ = store.Store.Signatures.Sign(cids[0], _key);
        string file = _place.PathOf("report.car");
        byte[] plain = new byte[Math.Min(bytes, 64 << 20)], digest = new byte[32];
        Random.Shared.NextBytes(plain);
        double?[] seconds = rounds.AllInTurn(
            () => Rounds.Seconds(() =>
            {
                using FileStream target = File.Create(file);
                _ = store.Store.Signatures.ExportBundle(cids, target);
            }),
            () => Rounds.Seconds(() => SHA256.HashData(plain, digest)) * bytes / plain.Length);
        double megabytes = new FileInfo(file).Length / 1e6;
        string what = string.Create(CultureInfo.InvariantCulture, $"bundle of {megabytes:0} MB");
        yield return new Measurement($"{what}: made", megabytes / seconds[0], megabytes / seconds[1], "MB/s",
            "SHA-256 of as many bytes", BundleGoal);
        const string hash = "import hashlib, sys, time; h = hashlib.sha256(); f = open(sys.argv[1], 'rb')\n" +
            "while d := f.read(1 << 20): h.update(d)";
        double?[] python = rounds.AllInTurn(
            () => Python(["-I", "-S", SourceTree.Find("interop/python/verify.py")!, file]),
            () => Python(["-I", "-S", "-c", hash, file]));
        yield return new Measurement($"{what}: verified by verify.py", megabytes / python[0], megabytes / python[1],
            "MB/s", "hashlib of the same file", PythonGoal);
    }

    private static double Python(string[] arguments) => Rounds.Seconds(() =>
    {
        using Process process = Process.Start(new ProcessStartInfo("python3", arguments) { RedirectStandardOutput = true })!;
        _ = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"python3 ended with {process.ExitCode}.");
    });
}
