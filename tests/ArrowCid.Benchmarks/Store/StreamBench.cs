using System.Diagnostics;
using ArrowCid.Columnar;

namespace ArrowCid.Benchmarks;

/// <summary>From process to process: a stream of small batches, and one batch that wakes a sleeper.</summary>
internal static class StreamBench
{
    private const int ValueBytes = 256;
    private const int Group = 64;
    private const int Pipeline = 32;

    public static IEnumerable<Measurement> Stream(StoreBenchRun run)
    {
        int count = run.Pick(100_000, 10_000) / Group * Group;
        using BenchStore bench = run.Open("stream", 3L << 30);
        NumberedBatch[] batches = [.. Enumerable.Range(0, Group).Select(_ => new NumberedBatch(ValueBytes, 1))];
        var group = new RecordBatch[Group];
        int length = (int)bench.Store.Put(batches[0].Next()).ByteLength;
        using var reader = LineProcess.Second("watch", bench.Directory);
        using var copy = new UnixCopy(run.Memory.PathOf("stream.sock"));
        RedisCompetitor? redis = run.Redis;
        var blocks = new NumberedBlocks(length);
        double?[] rates = run.Rounds.AllInTurn(
            () => Ours("read"), () => Ours("hear"), redis is null ? null : Redis, () => copy.Stream(length, count));
        redis?.Clear();
        const string name = "stream of small batches, read";
        string what = $"one column, blocks of {length} B, PutMany of {Group}";
        yield return new Measurement(name, rates[0], null, "batches/s", "", null, 400_000)
        {
            Note = $"{what}; the other process opens each and reads a value",
        };
        const string heard = "stream of small batches, heard of";
        yield return new Measurement(heard, rates[1], null, "batches/s", "", null, 400_000)
        {
            Note = $"{what}; the other process has the CID, schema, rows and size of each",
        };
        yield return new Measurement($"{name}, against Redis", rates[0], rates[2], "batches/s",
            $"Redis SET of as many bytes, {Pipeline} in a pipeline", null);
        yield return new Measurement($"{name}, against a socket", rates[0], rates[3], "batches/s",
            "Unix socket, a call each", null);

        double Ours(string end)
        {
            reader.Tell($"{end} {count}");
            double seconds = Rounds.Seconds(() =>
            {
                for (int done = 0; done < count; done += Group)
                {
                    for (int i = 0; i < Group; i++) group[i] = batches[i].Next();
                    _ = bench.Store.PutMany(group);
                }

                _ = reader.Hear();
            });
            return count / seconds;
        }

        double Redis()
        {
            double seconds = Rounds.Seconds(() =>
            {
                for (int done = 0; done < count; done += Pipeline)
                {
                    for (int i = 0; i < Pipeline; i++)
                    {
                        ReadOnlySpan<byte> block = blocks.Next().Span;
                        redis!.Append(block[..32], block);
                    }

                    redis!.Flush(Pipeline);
                }
            });
            return count / seconds;
        }
    }

    public static IEnumerable<Measurement> Wake(StoreBenchRun run)
    {
        const string name = "wake-up of a sleeping reader", competitor = "a bare futex";
        // Both sleep where nothing comes for so long: a watcher spins no longer than 20 us.
        TimeSpan pause = TimeSpan.FromMicroseconds(300);
        int pings = run.Pick(600, 60);
        if (Environment.ProcessorCount < 2)
        {
            yield return new Measurement(name, null, null, "us", competitor, 1 / 1.3) { Note = "one core here" };
            yield break;
        }

        using BenchStore bench = run.Open("wake", 512 << 20), alone = run.Open("alone", 512 << 20);
        string page = run.Memory.PathOf("futex");
        using var cell = FutexCell.Open(page, create: true);
        using var sleeper = LineProcess.Second("futex", page);
        var batch = new NumberedBatch(64, 1);
        PutInto(bench);
        PutInto(alone);
        using var reader = LineProcess.Second("watch", bench.Directory);
        double?[] p50 = run.Rounds.AllInTurn(Ours, Bare, Alone);
        yield return new Measurement(name, (p50[0] - p50[2]) * 1e6, p50[1] * 1e6, "us", competitor, 1 / 1.3)
        {
            IsLessBetter = true,
            Note = "from the put's end to the reader's next line; " +
                $"a put that nobody waits for takes {p50[2] * 1e6:F2} us",
        };

        void PutInto(BenchStore to) => _ = to.Store.Put(batch.With(Stopwatch.GetTimestamp()));

        double Ours()
        {
            reader.Tell($"wake {pings}");
            for (int i = 0; i < pings; i++)
            {
                Spin(pause);
                PutInto(bench);
            }

            return reader.HearNumber();
        }

        double Alone()
        {
            var puts = new List<double>(pings);
            for (int i = 0; i < pings; i++)
            {
                Spin(pause);
                puts.Add(Rounds.Seconds(() => PutInto(alone)));
            }

            return Rounds.Median(puts);
        }

        double Bare()
        {
            sleeper.Tell($"sleep {pings}");
            cell.AwaitReady();
            for (int i = 0; i < pings; i++)
            {
                Spin(pause);
                cell.Wake();
            }

            return sleeper.HearNumber();
        }
    }

    private static void Spin(TimeSpan time)
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < time) Thread.SpinWait(20);
    }
}
