using System.Diagnostics;
using System.Globalization;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.ProcessTests;

/// <summary>The workers that hold, evict, drop and reclaim.</summary>
internal static class LifeWorker
{
    /// <summary>hold DIRECTORY FROM COUNT LENGTH: leases blocks, says so, and keeps them until its input
    /// ends.</summary>
    public static int Hold(string[] arguments)
    {
        using BlockStore store = BlockStore.Open(arguments[0], new StoreSettings { ReadOnly = true });
        var leases = new List<RecordLease>();
        int from = Number(arguments[1]), length = Number(arguments[3]);
        for (int number = from; number < from + Number(arguments[2]); number++)
            leases.Add(store.Find(Sha256.Hash(StoreWorker.Bytes(number, length)))!);
        Console.WriteLine("held");
        _ = Console.In.ReadLine();
        leases.ForEach(lease => lease.Dispose());
        return 0;
    }

    /// <summary>stay DIRECTORY: takes a lane, says so, and stays until its input ends.</summary>
    public static int Stay(string[] arguments)
    {
        using BlockStore store = BlockStore.Open(arguments[0], Settings(isRing: false));
        _ = StoreWorker.Put(store, 0, 100);
        Console.WriteLine("there");
        _ = Console.In.ReadLine();
        return 0;
    }

    /// <summary>ring DIRECTORY FROM COUNT LENGTH: puts blocks into a ring, some of them again, holds a few, and prints
    /// how many were wrong or missing at once.</summary>
    public static int Ring(string[] arguments)
    {
        int from = Number(arguments[1]), count = Number(arguments[2]), length = Number(arguments[3]);
        int wrong = 0, missing = 0;
        using BlockStore store = BlockStore.Open(arguments[0], Settings(isRing: true));
        var held = new Queue<(int Number, RecordLease Lease)>();
        var random = new Random(from);
        for (int i = 0; i < count; i++)
        {
            int number = random.Next(4) == 0 && i > 0 ? from + random.Next(i) : from + i;
            byte[] bytes = StoreWorker.Bytes(number, length);
            bool isNew = StoreWorker.Put(store, number, length);
            RecordLease? lease = store.Find(Sha256.Hash(bytes));
            // A new one lies in this lane's newest segment, which never goes. What was
            // announced again lay in the younger half: gone only where the others wrote as much again while this
            // process did not run.
            if (lease is null && isNew) wrong++;
            else if (lease is null) missing++;
            else if (!lease.Memory.Span.SequenceEqual(bytes)) wrong++;
            if (lease is not null) held.Enqueue((number, lease));
            if (held.Count <= 3) continue;
            (int old, RecordLease first) = held.Dequeue();
            if (!first.Memory.Span.SequenceEqual(StoreWorker.Bytes(old, length))) wrong++;
            first.Dispose();
        }

        Console.WriteLine(wrong + (missing > count / 100 ? missing : 0));
        return 0;
    }

    /// <summary>churn DIRECTORY SEED MILLISECONDS UNIVERSE LENGTH: puts, reads, holds, drops and reclaims at random;
    /// prints what went wrong, and then each block that it put.</summary>
    public static int Churn(string[] arguments)
    {
        int seed = Number(arguments[1]), universe = Number(arguments[3]), length = Number(arguments[4]);
        var time = TimeSpan.FromMilliseconds(Number(arguments[2]));
        DropLog? drops = null;
        using BlockStore store = BlockStore.Open(arguments[0], ChurnSettings, opened => drops = new DropLog(opened));
        var churn = new Churning(store, drops!, seed, universe, length);
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < time) churn.Step();
        churn.End();
        return 0;
    }

    /// <summary>drop DIRECTORY COUNT LENGTH: drops the even ones of the blocks 0 to COUNT and reclaims, to be killed at
    /// a
    /// step.</summary>
    public static int Drop(string[] arguments)
    {
        DropLog? drops = null;
        using BlockStore store = BlockStore.Open(arguments[0], Settings(isRing: false),
            opened => drops = new DropLog(opened));
        int count = Number(arguments[1]), length = Number(arguments[2]);
        using (MaintenanceLockScope term = store.Coordination.TryBecomeJanitor(TimeSpan.FromSeconds(60))!)
        {
            drops!.Drop(term, [.. Even(count).Select(number => Sha256.Hash(StoreWorker.Bytes(number, length)))]);
        }

        Console.WriteLine("dropped");
        ReclaimReport report = store.Space.Reclaim(mostAlive: 0.9);
        Console.WriteLine(report.BytesFreed);
        return 0;
    }

    /// <summary>The numbers that <see cref="Drop"/> drops; no block of another number has the same bytes.</summary>
    public static IEnumerable<int> Even(int count) =>
        Enumerable.Range(0, count).Where(number => number % 6 == 0);

    /// <summary>Room for eight processes: an open segment of data and one of facts each, the two that are kept back,
    /// and
    /// one for each lease that they hold while they wait for room. With less they would wait for one another.</summary>
    public static StoreSettings ChurnSettings => Settings(isRing: false) with { Capacity = 48 << 20 };

    public static StoreSettings Settings(bool isRing) => new()
    {
        Capacity = 32 << 20,
        SegmentSize = 1 << 20,
        Timeout = TimeSpan.FromSeconds(60),
        InitialIndexEntries = 256,
        TickInterval = TimeSpan.FromMilliseconds(10),
        IsRing = isRing,
    };

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>One process of the churn.</summary>
    private sealed class Churning
    {
        private readonly BlockStore _store;
        private readonly DropLog _drops;
        private readonly Random _random;
        private readonly int _seed, _universe, _length;
        private readonly HashSet<int> _put = [];
        private readonly Queue<(int Number, RecordLease Lease)> _held = new();
        private int _steps;
        private long _freed;

        public Churning(BlockStore store, DropLog drops, int seed, int universe, int length)
        {
            (_store, _drops, _seed, _universe, _length) = (store, drops, seed, universe, length);
            _random = new Random(seed);
        }

        public void Step()
        {
            _steps++;
            int number = _random.Next(_universe);
            byte[] bytes = StoreWorker.Bytes(number, _length);
            Digest256 digest = Sha256.Hash(bytes);
            switch (_random.Next(20))
            {
                case < 10:
                    _ = StoreWorker.Put(_store, number, _length);
                    _ = _put.Add(number);
                    CheckThere(number, digest, bytes);
                    break;
                case < 17:
                    if (_store.Find(digest) is { } lease) Hold(number, lease, bytes);
                    break;
                default:
                    Collect();
                    break;
            }
        }

        public void End()
        {
            while (_held.Count > 0) Release();
            Console.WriteLine($"seed {_seed}: {_steps} steps, {_freed >> 20} MiB freed");
            Console.WriteLine(string.Join(' ', _put));
        }

        private void CheckThere(int number, Digest256 digest, byte[] bytes)
        {
            using RecordLease? lease = _store.Find(digest);
            if (lease is not null)
            {
                if (!lease.Memory.Span.SequenceEqual(bytes)) Console.WriteLine($"WRONG {number} after step {_steps}");
                return;
            }

            // Somebody may have dropped it since; then the log says so.
            _drops.Refresh();
            if (_drops.IsDead(in digest)) return;
            using RecordLease? again = _store.Find(digest);
            if (again is null) Console.WriteLine($"MISSING {number} of seed {_seed} after step {_steps}");
        }

        private void Hold(int number, RecordLease lease, byte[] bytes)
        {
            if (!lease.Memory.Span.SequenceEqual(bytes)) Console.WriteLine($"WRONG {number} at step {_steps}");
            _held.Enqueue((number, lease));
            if (_held.Count > 2) Release();
        }

        private void Release()
        {
            (int number, RecordLease lease) = _held.Dequeue();
            if (!lease.Memory.Span.SequenceEqual(StoreWorker.Bytes(number, _length)))
                Console.WriteLine($"CHANGED {number} at step {_steps}");
            lease.Dispose();
        }

        private void Collect()
        {
            using MaintenanceLockScope? term = _store.Coordination.TryBecomeJanitor(TimeSpan.Zero);
            if (term is null) return;
            List<Digest256> digests =
            [
                .. Enumerable.Range(0, _universe / 5).Select(_ =>
                    Sha256.Hash(StoreWorker.Bytes(_random.Next(_universe), _length))).Distinct(),
            ];
            _drops.Drop(term, digests);
            _freed += _store.Space.Reclaim(mostAlive: 0.7).BytesFreed;
        }
    }
}
