using System.Diagnostics;
using System.Globalization;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid.ProcessTests;

/// <summary>The workers that collect and compact, and those that see to it that nothing goes which somebody
/// needs.</summary>
internal static class KeepWorker
{
    /// <summary>Each replaces the one before: a segment of facts takes 34.</summary>
    public static void SayLarge(CidStore store, Cid cid, int number) => store.Annotate(cid, new BlockFacts
    {
        Tags = new Dictionary<string, string?> { ["said"] = $"{number}" },
        Json = $"\"{new string('x', 30_000)}\"",
    });

    /// <summary>compact DIRECTORY: compacts until nothing more can go, to be killed at a step.</summary>
    public static int Compact(string[] arguments)
    {
        using CidStore store = RegistryWorker.Open(arguments[0]);
        while (store.Blocks.Reclaim(mostAlive: 0.9).BytesFreed > 0)
        {
        }

        return 0;
    }

    /// <summary>keep DIRECTORY NUMBER MILLISECONDS: puts, pins, names, holds, reads, collects and compacts at random;
    /// prints what went wrong, then what it did, then what it has pinned.</summary>
    public static int Keep(string[] arguments)
    {
        int number = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        var time = TimeSpan.FromMilliseconds(int.Parse(arguments[2], CultureInfo.InvariantCulture));
        using CidStore store = Open(arguments[0]);
        var keeping = new Keeping(store, number);
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < time) keeping.Step();
        keeping.End();
        return 0;
    }

    public static CidStore Open(string directory)
    {
        // A store is opened as its first opener made it.
        BlockStore.Open(directory, LifeWorker.ChurnSettings with { Capacity = 96 << 20 }).Dispose();
        return CidStore.Open(directory, new CidStoreOptions { Timeout = TimeSpan.FromSeconds(60) });
    }

    /// <summary>Block n of the blocks that all processes put.</summary>
    public static byte[] Bytes(int number) => StoreWorker.Bytes(number, 20_000);

    /// <summary>One process.</summary>
    private sealed class Keeping(CidStore store, int seed)
    {
        private const int Universe = 300;

        // What was put within it is not collected.
        private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(1);

        private readonly Random _random = new(seed);
        private readonly Queue<(int Number, BlockLease Lease)> _held = new();
        private readonly Dictionary<Cid, int> _pinned = [];
        private readonly Dictionary<Cid, int> _said = [];
        private int _steps, _collected, _puts;
        private long _freed;

        public void Step()
        {
            _steps++;
            switch (_random.Next(24))
            {
                case < 8: Put(); break;
                case < 14: Hold(_random.Next(Universe)); break;
                case < 17: Pin(); break;
                case 17: Unpin(); break;
                case < 20: Say(); break;
                case 20: HoldByName(); break;
                case < 23: Collect(); break;
                default: Compact(); break;
            }
        }

        public void End()
        {
            while (_held.Count > 0) Release();
            foreach ((Cid cid, int number) in _pinned) CheckThere(cid, number, "pinned");
            foreach ((Cid cid, int tag) in _said)
            {
                string? found = store.Describe(cid)?.Tags.GetValueOrDefault($"of{seed}");
                if (found != $"{tag}") Console.WriteLine($"SAID {tag} of {cid} and found {found}");
            }

            Console.WriteLine($"seed {seed}: {_steps} steps, {_puts} put, {_collected} collected, {_freed >> 20} MiB freed");
            Console.WriteLine(string.Join(' ', _pinned.Values));
        }

        private Cid Put()
        {
            int number = _random.Next(Universe);
            long started = Stopwatch.GetTimestamp();
            Cid cid = store.PutRaw(Bytes(number)).Cid;
            _puts++;
            bool isThere = store.Describe(cid)?.IsPresent == true && store.Contains(cid);
            if (!isThere && Stopwatch.GetElapsedTime(started) < s_grace) Console.WriteLine($"MISSING {number}: just put, seed {seed}");
            return cid;
        }

        private void Hold(int number)
        {
            BlockLease? lease = store.Blocks.Find(Memory.Sha256.Hash(Bytes(number)));
            if (lease is null) return;
            _held.Enqueue((number, lease));
            if (_held.Count > 2) Release();
        }

        private void Release()
        {
            (int number, BlockLease lease) = _held.Dequeue();
            if (!lease.Memory.Span.SequenceEqual(Bytes(number))) Console.WriteLine($"CHANGED {number}, seed {seed}");
            lease.Dispose();
        }

        private void Pin()
        {
            int number = _random.Next(Universe / 10) + (seed * Universe);
            Cid cid = store.PutRaw(Bytes(number)).Cid;
            store.Pin(cid);
            _pinned[cid] = number;
        }

        private void Unpin()
        {
            if (_pinned.Count == 0) return;
            (Cid cid, int number) = _pinned.ElementAt(_random.Next(_pinned.Count));
            CheckThere(cid, number, "pinned");
            _ = store.Unpin(cid);
            _ = _pinned.Remove(cid);
        }

        private void HoldByName()
        {
            Cid cid = store.PutRaw(Bytes(_random.Next(Universe))).Cid;
            string name = $"n{seed}";
            _ = store.SetName(name, cid);
            Cid? node = store.PutDataset([store.Put(RegistryWorker.Batch(_steps)).Cid]).Cid;
            using BlockHold hold = store.Hold(node.Value);
            Collect();
            if (store.Describe(cid)?.IsPresent != true) Console.WriteLine($"MISSING {cid}: named, seed {seed}");
            foreach (Cid batch in store.TryGetDataset(node.Value) ?? [])
            {
                using BatchLease? lease = store.TryGet(batch);
                if (lease is null) Console.WriteLine($"MISSING {batch}: of a dataset that is held, seed {seed}");
            }
        }

        private void Say()
        {
            if (_pinned.Count == 0) return;
            Cid cid = _pinned.Keys.First();
            store.Annotate(cid, new BlockFacts
            {
                Tags = new Dictionary<string, string?> { [$"of{seed}"] = $"{_steps}" },
                Json = $"\"{new string('x', 20_000)}\"",
            });
            _said[cid] = _steps;
        }

        private void Collect()
        {
            try
            {
                _collected += store.Collect(new CollectOptions { Unreferenced = true, OlderThan = s_grace }).Collected.Count;
            }
            catch (ArrowCidException e) when (e.Code == ErrorCode.Busy)
            {
                // One at a time.
            }
        }

        private void Compact()
        {
            try
            {
                _freed += store.Blocks.Reclaim(mostAlive: 0.7).BytesFreed;
            }
            catch (ArrowCidException e) when (e.Code == ErrorCode.Busy)
            {
                // One at a time.
            }
        }

        private void CheckThere(Cid cid, int number, string why)
        {
            using BlockLease? lease = store.Blocks.Find(Memory.Sha256.Hash(Bytes(number)));
            bool isRight = store.Describe(cid)?.IsPresent == true && lease?.Memory.Span.SequenceEqual(Bytes(number)) == true;
            if (!isRight) Console.WriteLine($"MISSING {number}: {why}, seed {seed}");
        }
    }
}
