using System.Diagnostics;
using ArrowCid.Columnar;
using ArrowCid.Flight.Protocol;
using Google.Protobuf;

namespace ArrowCid.Benchmarks;

/// <summary>The measurements of <c>flight</c> of what waits: watchers until they hear, connections and readers
/// that take up memory meanwhile.</summary>
internal static class FlightWaitBench
{
    private const string PyArrow = "pyarrow's server", Watching = """{"watch": true}""";
    private const double KiB = 1024;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(3);
    private static readonly TimeSpan s_longPause = TimeSpan.FromMilliseconds(50);

    // A process gives back and takes memory a while after what it did.
    private const int Settling = 700, QuickSettling = 50;

    /// <summary>Begins a DoGet and leaves it at that.</summary>
    /// <param name="channel">To which server.</param>
    /// <param name="token">What to show; <c>-</c> for nothing.</param>
    /// <param name="ticket">JSON, or a CID.</param>
    public static Task<BenchCall> Open(HttpClient channel, string token, string ticket) => BenchCall.OpenAsync(channel,
        "DoGet", new Ticket { Ticket_ = ByteString.CopyFromUtf8(ticket) }, token);

    /// <summary>From a put's beginning in this process to the line of a pyarrow watcher behind the server.</summary>
    public static IEnumerable<Measurement> Announce(FlightBenchRun run)
    {
        const double Goal = 1000, LastGoal = 10_000;
        if (run.Client is null)
        {
            yield return FlightBench.Missing("from put to watcher, p50", "us", null);
            yield break;
        }

        FlightSide ours = run.Ours(SecondServer.OverTcp);
        var delays = new List<double>();
        _ = run.Rounds.AllInTurn(() => Hear(run, ours, run.Pick(300, 20), s_pause, delays));
        yield return Figure("from put to watcher, p50", At(delays, 50), Goal);
        yield return Figure("from put to watcher, p99", At(delays, 99), null);
        int others = run.Pick(1000, 20);
        using HttpClient channel = BenchCall.Connect(new Uri(ours.Address));
        using (new Crowd(others, _ => Open(channel, ours.Token, Watching), isRead: true))
        {
            delays.Clear();
            _ = run.Rounds.AllInTurn(() => Hear(run, ours, run.Pick(40, 5), s_longPause, delays));
            yield return Figure($"from put to one of {others:N0} watchers, p99", At(delays, 99), LastGoal);
        }

        static Measurement Figure(string name, double seconds, double? goal) =>
            new(name, seconds * 1e6, null, "us", "", null, goal)
            {
                IsLessBetter = true,
                Note = "from the put's beginning to the next line of a pyarrow client",
            };
    }

    private static double Hear(FlightBenchRun run, FlightSide side, int count, TimeSpan pause, List<double> delays)
    {
        run.Client!.Tell(FlightBenchRun.Line("hear", side, count));
        if (run.Client.Hear() is var said and not "hearing") throw new ArrowCidException(ErrorCode.Internal, said);
        var puts = new double[count];
        var batch = new NumberedBatch(64, 1);
        for (int i = 0; i < count; i++)
        {
            Thread.Sleep(pause);
            RecordBatch next = batch.Next();
            // Before the put: a watcher may hear of it before this thread runs again. Python's perf_counter and this
            // are one clock.
            puts[i] = Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;
            _ = run.Store.Put(next);
        }

        double[] heard = FlightBench.Numbers(run.Client.Hear());
        double[] mine = [.. heard.Zip(puts, (there, here) => there - here)];
        delays.AddRange(mine);
        return mine.Average();
    }

    private static double At(List<double> values, int percent)
    {
        values.Sort();
        return values[values.Count * percent / 100];
    }

    /// <summary>What one more connection, watcher or reader that has stopped costs the server in memory of its
    /// own.</summary>
    public static IEnumerable<Measurement> Memory(FlightBenchRun run)
    {
        string cid = run.Show(BenchBatches.Flat(run.Pick(64 << 20, 16 << 20)));
        string ticket = $$"""{"cids": ["{{cid}}", "{{cid}}", "{{cid}}", "{{cid}}"]}""";
        yield return Both("idle connection, memory", run.Pick(300, 20), 48, "a call was made on it", Connect);
        yield return Both("idle watcher, memory", run.Pick(200, 20), 6, "on one connection", Watch());
        yield return Both("stalled reader, memory", run.Pick(24, 4), 512, "a DoGet of 4 large batches that is not read",
            Stall);

        Measurement Both(string name, int count, double goal, string note,
            Func<FlightSide, int, Task<IDisposable>> open)
        {
            int settling = run.Pick(Settling, QuickSettling);
            double? ours = Slope(run.Fresh(isOurs: true), count, settling, open) / KiB;
            double? competitor = Slope(run.Fresh(isOurs: false), count, settling, open) / KiB;
            return new Measurement(name, ours, competitor, "KiB", PyArrow, null, goal)
            {
                IsLessBetter = true,
                Note = $"RssAnon by each of {2 * count} more, ours after a collection; {note}",
            };
        }

        static async Task<IDisposable> Connect(FlightSide side, int number)
        {
            HttpClient channel = BenchCall.Connect(new Uri(side.Address));
            // pyarrow's server has no actions, and a connection all the same.
            using BenchCall call = await BenchCall.OpenAsync(channel, "ListActions", new Empty(), "-")
                .ConfigureAwait(false);
            while (await call.NextAsync().ConfigureAwait(false))
            {
            }

            return channel;
        }

        async Task<IDisposable> Stall(FlightSide side, int number)
        {
            HttpClient channel = BenchCall.Connect(new Uri(side.Address));
            return new Pair(await Open(channel, side.Token, ticket).ConfigureAwait(false), channel);
        }

        static Func<FlightSide, int, Task<IDisposable>> Watch()
        {
            var channels = new Dictionary<FlightSide, HttpClient>();
            return async (side, number) =>
            {
                if (!channels.TryGetValue(side, out HttpClient? channel))
                    channels[side] = channel = BenchCall.Connect(new Uri(side.Address));
                BenchCall call = await Open(channel, side.Token, Watching).ConfigureAwait(false);
                // The schema and the empty batch have come: from now on it waits.
                _ = await call.NextAsync().ConfigureAwait(false);
                _ = await call.NextAsync().ConfigureAwait(false);
                return call;
            };
        }
    }

    /// <summary>The bytes of one more: by how much twice as many more of them need than the first ones.</summary>
    private static double? Slope(FlightSide? side, int count, int settling,
        Func<FlightSide, int, Task<IDisposable>> open)
    {
        if (side is null) return null;
        using LineProcess process = side.Process;
        using var first = new Crowd(count, number => open(side, number));
        long before = Settled();
        using var more = new Crowd(2 * count, number => open(side, count + number));
        return (Settled() - before) / (2.0 * count);

        long Settled()
        {
            Thread.Sleep(settling);
            if (side.IsOurs) _ = process.Ask(SecondServer.Collect);
            return process.AnonymousBytes;
        }
    }

    private sealed class Pair(IDisposable first, IDisposable second) : IDisposable
    {
        public void Dispose()
        {
            first.Dispose();
            second.Dispose();
        }
    }

    /// <summary>Many of a kind, held until they are disposed of.</summary>
    private sealed class Crowd : IDisposable
    {
        private readonly List<IDisposable> _held = [];

        public Crowd(int count, Func<int, Task<IDisposable>> open)
        {
            for (int i = 0; i < count; i++) _held.Add(open(i).GetAwaiter().GetResult());
        }

        public Crowd(int count, Func<int, Task<BenchCall>> open, bool isRead)
        {
            for (int i = 0; i < count; i++)
            {
                BenchCall call = open(i).GetAwaiter().GetResult();
                _held.Add(call);
                if (isRead) _ = Read(call);
            }
        }

        public void Dispose()
        {
            foreach (IDisposable each in _held) each.Dispose();
        }

        private static async Task Read(BenchCall call)
        {
            try
            {
                while (await call.NextAsync().ConfigureAwait(false))
                {
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
            {
                // The crowd goes home.
            }
        }
    }
}
