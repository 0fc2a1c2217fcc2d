using System.Diagnostics;
using System.Globalization;
using ArrowCid.Columnar;
using ArrowCid.Registry;

namespace ArrowCid.Cli.SelfTest;

/// <summary>
/// A store of its own, filled with batches of which everything is known beforehand: what comes back is compared with
/// what was put.
/// </summary>
internal sealed class BatchTest(BatchTestOptions options)
{
    private const int Groups = 10;
    private const string GroupTag = "group";

    private readonly Cid[] _cids = new Cid[options.Count];

    /// <summary>What was wrong; empty where nothing was.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>The batch of a number: the same in every process of one seed.</summary>
    public static RecordBatch Batch(int seed, int number, int rows)
    {
        var random = new Random(HashCode(seed, number));
        double[] prices = new double[rows];
        int[] quantities = new int[rows];
        for (int i = 0; i < rows; i++) (prices[i], quantities[i]) = (random.NextDouble() * 100, random.Next(1000));
        return RecordBatch.Of(("number", ArrowArray.From<int>(Enumerable.Repeat(number, rows).ToArray())),
            ("px", ArrowArray.From<double>(prices)), ("qty", ArrowArray.From<int>(quantities)));
    }

    public static CidStore Open(BatchTestOptions options)
    {
        const long Least = 64L << 20;
        // Three columns of 16 bytes per row, headers, and twice that for the second put.
        long needed = options.Count * (options.Rows * 16L + 4096) * 2;
        long capacity = Math.Max(Least, needed + Least) >> 20 << 20;
        return CidStore.Open(options.Directory, new CidStoreOptions { Capacity = capacity });
    }

    public BatchTestStep Put(CidStore store) => Time("put", () =>
    {
        long bytes = 0;
        for (int i = 0; i < options.Count; i++)
        {
            PutResult put = store.Put(Batch(options.Seed, i, options.Rows), new PutOptions
            {
                Tags = new Dictionary<string, string?> { [GroupTag] = Group(i) },
            });
            _cids[i] = put.Cid;
            bytes += put.ByteLength;
            if (!put.IsNew) Faults.Add($"batch {i} was there before it was put");
        }

        return (options.Count, bytes);
    });

    /// <summary>Reads every value of every batch again.</summary>
    public BatchTestStep Get(CidStore store) => Time("get", () =>
    {
        long bytes = 0;
        for (int i = 0; i < options.Count; i++)
        {
            using BatchLease? lease = store.TryGet(_cids[i]);
            if (lease is null)
            {
                Faults.Add($"batch {i}, {_cids[i]}, was put and is not there");
                continue;
            }

            RecordBatch wanted = Batch(options.Seed, i, options.Rows), got = lease.View;
            bool isSame = got.Length == options.Rows &&
                got.Column<double>("px").Values.SequenceEqual(wanted.Column<double>("px").Values) &&
                got.Column<int>("qty").Values.SequenceEqual(wanted.Column<int>("qty").Values);
            if (!isSame) Faults.Add($"batch {i}, {_cids[i]}, has other values than were put");
            bytes += options.Rows * 16L;
        }

        return (options.Count, bytes);
    });

    public BatchTestStep Verify(CidStore store) => Time("verify", () =>
    {
        (long count, long bytes) = (0, 0);
        foreach (VerifyResult result in store.Diagnostics.VerifyAll())
        {
            count++;
            bytes += result.ByteLength;
            if (result.Error is { } error) Faults.Add(Advice.Of(error));
        }

        if (count < options.Count) Faults.Add($"{count} of {options.Count} batches are listed");
        return (count, bytes);
    });

    /// <summary>Asks for each tag's batches, and compares with what was put under it.</summary>
    public BatchTestStep Query(CidStore store) => Time("query", () =>
    {
        long found = 0;
        for (int group = 0; group < Math.Min(Groups, options.Count); group++)
        {
            var filter = Filter.Parse($"tag.{GroupTag} = \"{Group(group)}\"");
            HashSet<Cid> got = [.. store.Query(filter).Select(entry => entry.Cid)];
            HashSet<Cid> wanted = [.. _cids.Where((_, number) => Group(number) == Group(group))];
            if (!got.SetEquals(wanted))
                Faults.Add($"the tag {Group(group)} finds {got.Count} batches of {wanted.Count}");
            found += got.Count;
        }

        return (found, 0);
    });

    /// <summary>Another process puts and is killed at work: what it had acknowledged is there, whole.</summary>
    public BatchTestStep Crash(CidStore store) => Time("crash", () =>
    {
        int firstNumber = options.Count;
        int most = Math.Max(2, options.Count);
        int killedAfter = new Random(options.Seed).Next(1, most);
        CultureInfo plain = CultureInfo.InvariantCulture;
        ProcessStartInfo start = OwnProgram.With(BatchTestWorkerVerb.Name, options.Directory,
            firstNumber.ToString(plain), options.Rows.ToString(plain), options.Seed.ToString(plain));
        start.RedirectStandardOutput = true;
        using Process process = Process.Start(start)!;
        var promised = new List<Cid>();
        while (promised.Count < killedAfter && process.StandardOutput.ReadLine() is { } line) Take(line);
        process.Kill();
        // The last line may have been cut off.
        string rest = process.StandardOutput.ReadToEnd();
        foreach (string line in rest.Split('\n').SkipLast(1)) Take(line);
        process.WaitForExit();
        long bytes = 0;
        foreach (Cid cid in promised)
        {
            VerifyResult? result = store.Diagnostics.Verify(cid);
            if (result is null) Faults.Add($"{cid} was acknowledged by a process that was killed, and is not there");
            else if (result.Value.Error is { } error) Faults.Add(Advice.Of(error));
            bytes += result?.ByteLength ?? 0;
        }

        if (promised.Count < killedAfter) Faults.Add($"the process ended by itself after {promised.Count} puts");
        return (promised.Count, bytes);

        void Take(string line)
        {
            if (Cid.TryParse(line, out Cid cid)) promised.Add(cid);
            else Faults.Add($"the process said '{CommandError.Visible(line)}'");
        }
    });

    private static string Group(int number) => (number % Groups).ToString(CultureInfo.InvariantCulture);

    private static int HashCode(int seed, int number) => unchecked((seed * 486_187_739) + number);

    private static BatchTestStep Time(string name, Func<(long Count, long Bytes)> run)
    {
        long started = Stopwatch.GetTimestamp();
        (long count, long bytes) = run();
        return new BatchTestStep(name, count, bytes, Stopwatch.GetElapsedTime(started));
    }
}
