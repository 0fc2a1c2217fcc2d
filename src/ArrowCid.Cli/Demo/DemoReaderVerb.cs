using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;

namespace ArrowCid.Cli.Demo;

/// <summary>
/// The demo's second process: it knows a directory and CIDs (a line each on standard input) and nothing else of the
/// first.
/// </summary>
internal static class DemoReaderVerb
{
    public const string Name = "demo-reader";

    public static Command Make()
    {
        Option<string?> store = Verb.Store();
        var verb = new Verb(Name,
            "Run the second process of 'demo'.", $"arrowcid {Name} --store DIR < cids") { store };
        verb.Hidden = true;
        verb.SetAction(parsed => Run(parsed.GetValue(store)));
        return verb;
    }

    private static int Run(string? directory)
    {
        var cids = new List<Cid>();
        while (Console.In.ReadLine() is { Length: > 0 } line) cids.Add(Cid.Parse(line));
        using var store = CidStore.Open(directory, new CidStoreOptions { CreateIfMissing = false, ReadOnly = true });
        DemoReading reading = Read(store, cids);
        Console.Out.WriteLine(JsonSerializer.Serialize(reading, DemoJson.Default.DemoReading));
        return 0;
    }

    /// <summary>Finds, hashes and reads the blocks, each a step of its own so that each can be timed.</summary>
    private static DemoReading Read(CidStore store, List<Cid> cids)
    {
        var figures = new DelayStatistics();
        var leases = new List<BatchLease>(cids.Count);
        try
        {
            long started = Stopwatch.GetTimestamp();
            foreach (Cid cid in cids)
                leases.Add(store.TryGet(cid) ?? throw CommandError.NoBlock(cid.ToString(), store));
            double find = Milliseconds(ref started);
            long hashed = 0;
            foreach (BatchLease lease in leases)
            {
                var computed = Cid.Sha256(Multicodec.Raw, lease.Block.Span);
                if (computed != lease.Cid)
                    throw new ArrowCidException(ErrorCode.BlockCorrupt,
                        $"{lease.Location} hashes to {computed}, not {lease.Cid}");
                hashed += lease.Block.Length;
            }

            double hash = Milliseconds(ref started);
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            long values = 0;
            foreach (BatchLease lease in leases)
            {
                ReadOnlySpan<short> delays = lease.View.Column<short>("delay").Values;
                ReadOnlySpan<short> distances = lease.View.Column<short>("distance").Values;
                figures.Add(delays, distances);
                values += sizeof(short) * ((long)delays.Length + distances.Length);
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            double read = Milliseconds(ref started);
            return new DemoReading(Environment.ProcessId, [.. leases.Select(lease => lease.Location)],
                find, hash, read, hashed,
                values, allocated, [.. figures.Bands()]);
        }
        finally
        {
            foreach (BatchLease lease in leases) lease.Dispose();
        }
    }

    private static double Milliseconds(ref long started)
    {
        long now = Stopwatch.GetTimestamp();
        double elapsed = Stopwatch.GetElapsedTime(started, now).TotalMilliseconds;
        started = now;
        return elapsed;
    }
}
