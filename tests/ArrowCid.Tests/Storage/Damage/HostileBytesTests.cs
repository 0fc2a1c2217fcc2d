using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;
using Xunit.Abstractions;

namespace ArrowCid.Tests.Storage;

/// <summary>
/// Bytes changed in every shared word, header and table, beneath an open handle and before an opening: a call ends in a
/// result or in an ArrowCidException, never reads outside, and never gives other bytes than a digest's unless the
/// record itself was forged, checksum and all. Half of what has a checksum gets a right one again.
/// <c>ARROWCID_HOSTILE_ROUNDS</c> sets the number of rounds; <c>last-round</c> in the store's directory says where a
/// run died.
/// </summary>
public sealed class HostileBytesTests(ITestOutputHelper output)
{
    private const int Threads = 2;
    private const long MostBytesARound = 64 << 20;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private static readonly int s_seed =
        int.TryParse(Environment.GetEnvironmentVariable("ARROWCID_SEED"), out int seed) ? seed : 20261121;

    [Fact]
    public void Changed_bytes_anywhere_give_an_error_or_a_result()
    {
        var outcomes = new ConcurrentDictionary<string, int>();
        int rounds = Rounds();
        Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, part =>
        {
            using var run = new Run(outcomes);
            for (int round = part; round < rounds; round += Threads) run.Round(round);
            run.AssertSound();
        });

        // Every kind of end was met for what can meet it: otherwise the changes miss what they are for.
        string met = string.Join(", ", outcomes.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key} {pair.Value}"));
        output.WriteLine(met);
        foreach (HostileKind kind in Enum.GetValues<HostileKind>()) Assert.Contains($"{kind} fine", met);
        // Fewer rounds, which only a replay asks for, need not meet them.
        string[] ends =
        [
            "Superblock BlockCorrupt", "SegmentHeader BlockCorrupt", "TableEntry BlockCorrupt", "RecordHeader BlockCorrupt",
            "IndexEntry miss", "Payload other", "Anything rebuilt", "Anything written",
        ];
        Assert.All(rounds < 100_000 ? [] : ends, end => Assert.Contains(end, met));
    }

    private static int Rounds()
    {
        string? set = Environment.GetEnvironmentVariable("ARROWCID_HOSTILE_ROUNDS");
        if (int.TryParse(set, CultureInfo.InvariantCulture, out int rounds)) return rounds;
        return Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1" ? 1_000_000 : 100_000;
    }

    /// <summary>Rounds over one store.</summary>
    private sealed class Run : IDisposable
    {
        private readonly HostileStore _store = new();
        private readonly ConcurrentDictionary<string, int> _outcomes;
        private readonly FileStream _mark;
        private readonly Timer _watchdog;
        private BlockStore? _live;
        private long _started;
        private int _round;
        private bool _openedForWriting;

        public Run(ConcurrentDictionary<string, int> outcomes)
        {
            _outcomes = outcomes;
            string mark = _store.Directory + ".last-round";
            _mark = new FileStream(mark, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
            _watchdog = new Timer(_ => Watch(), null, s_patience, s_patience);
        }

        public void Round(int round)
        {
            Mark(round);
            var random = new Random(s_seed + round);
            var changes = new HostileChanges(_store, random);
            bool writes = round % 64 < Threads;
            // A handle that has the store open already is what most rounds surprise.
            if (!writes) _live ??= _store.Open(readOnly: true);
            changes.Apply();
            bool rebuilds = round % 512 < Threads;
            if (rebuilds) BecomeForeign();
            bool opens = changes.NeedsOpening || random.Next(12) == 0;
            long before = GC.GetAllocatedBytesForCurrentThread();
            string outcome = writes ? Guard(changes, () => Write(random, changes, rebuilds))
                : opens && random.Next(3) == 0 ? Guard(changes, Fold)
                : opens ? Guard(changes, () => Open(changes, random.Next(2) == 0))
                : Guard(changes, () => Read(_live!, changes));
            long taken = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(taken < MostBytesARound, $"{Where(changes)}: {taken} bytes were allocated");
            _outcomes.AddOrUpdate($"{changes.Kind} {outcome}", 1, (_, count) => count + 1);
            if (writes || (opens && _openedForWriting)) Restore();
            else _store.Undo();
        }

        public void AssertSound()
        {
            Restore();
            using BlockStore store = _store.Open();
            Assert.All(_store.Digests, digest => Assert.Equal(digest, Sha256.Hash(store.Read(digest)!)));
        }

        public void Dispose()
        {
            _watchdog.Dispose();
            _live?.Dispose();
            _mark.Dispose();
            File.Delete(_mark.Name);
            _store.Dispose();
        }

        private void Mark(int round)
        {
            (_round, _started) = (round, Stopwatch.GetTimestamp());
            _mark.Position = 0;
            Span<byte> line = stackalloc byte[32];
            if (Encoding.ASCII.TryGetBytes($"{s_seed} {round,-12}\n", line, out int length))
                _mark.Write(line[..length]);
        }

        /// <summary>A call that has no end would say nothing else.</summary>
        private void Watch()
        {
            if (Stopwatch.GetElapsedTime(_started) > s_patience)
                Environment.FailFast($"round {_round} of seed {s_seed} does not end");
        }

        private string Where(HostileChanges changes) =>
            $"round {_round} of seed {s_seed} ({changes.Kind}{(changes.IsSealed ? ", sealed" : "")})";

        private void Restore()
        {
            _live?.Dispose();
            _live = null;
            _store.Restore();
        }

        /// <summary>Makes the store a copy of another one, which the next writer rebuilds from its segments.</summary>
        private void BecomeForeign()
        {
            _live?.Dispose();
            _live = null;
            _store.Write64(StoreLayout.ControlName, 240, 1);
            _store.Write32(StoreLayout.ControlName, 4092,
                StoreLayout.Crc(_store.Read(StoreLayout.ControlName, 0, 4088)));
        }

        private string Guard(HostileChanges changes, Func<string> use)
        {
            try
            {
                return use();
            }
            catch (ArrowCidException e)
            {
                return e.Code.ToString();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"{Where(changes)}: {e}", e);
            }
        }

        private string Open(HostileChanges changes, bool forWriting)
        {
            _openedForWriting = forWriting;
            using BlockStore store = _store.Open(readOnly: !forWriting);
            return Read(store, changes);
        }

        /// <summary>The facts, folded from whatever the log says now.</summary>
        private string Fold()
        {
            _openedForWriting = false;
            using var store = CidStore.Open(_store.Directory, new CidStoreOptions { ReadOnly = true });
            int named = store.Names.List().Count, known = 0;
            foreach (StoredEntry entry in store.Query(includeMissing: true)) known += entry.Tags.Count;
            foreach (string fault in store.Diagnostics.CheckFacts()) _ = fault.Length;
            _ = store.Names.GetHistory("name-1").Count + store.Metadata.GetLinks(_store.Cids[3]).Children.Count;
            return named == 3 && known > 0 ? "fine" : "less known";
        }

        /// <summary>A writer adopts what it finds, puts, and others read what came of it.</summary>
        private string Write(Random random, HostileChanges changes, bool rebuilds)
        {
            _live?.Dispose();
            _live = null;
            using BlockStore store = _store.Open();
            if (store.IsReadOnly) return "read-only";
            string outcome = rebuilds ? "rebuilt" : "written";
            for (int i = 0; i < 4; i++)
            {
                // Known, new, and one that needs a segment of its own or the next one.
                int number = random.Next(40);
                byte[] bytes = random.Next(8) == 0
                    ? new byte[900_000 + number]
                    : StoreCalls.Numbered(number, 4 + (number * 50));
                Digest256 digest = store.PutRaw(bytes);
                using RecordLease? lease = store.Find(digest);
            }

            string read = Read(store, changes);
            return read == "fine" ? outcome : read;
        }

        private string Read(BlockStore store, HostileChanges changes)
        {
            string outcome = "fine";
            foreach (Digest256 digest in _store.Digests)
            {
                string one = ReadOne(store, digest, changes);
                if (one != "fine") outcome = one;
            }

            // Each way to look at a whole store is slow where a word says that there is much of it: one a round.
            switch (_round / Threads % 4)
            {
                case 0: List(store, changes); break;
                case 1: Tail(store, Cursor.Oldest, changes); break;
                case 2: Tail(store, Cursor.Now, changes); break;
                default: foreach (string place in store.Damages.Damage()) _ = place; break;
            }

            return outcome;
        }

        private void List(BlockStore store, HostileChanges changes)
        {
            _ = store.Examination.GetStatistics();
            int listed = 0;
            foreach (BlockInfo info in store.Listing.List())
            {
                _ = info.Time;
                Assert.True(++listed < 20_000, $"{Where(changes)}: the listing has no end");
            }
        }

        private string ReadOne(BlockStore store, Digest256 digest, HostileChanges changes)
        {
            try
            {
                using RecordLease? lease = store.Find(digest);
                if (lease is null) return "miss";
                _ = lease.Info.Time;
                if (Sha256.Hash(lease.Memory.Span) == digest) return "fine";
                Assert.True(changes.MayMislead, $"{Where(changes)}: other bytes for sha256:{digest}");
                return "other";
            }
            catch (ArrowCidException e)
            {
                return e.Code.ToString();
            }
        }

        /// <summary>A tail ends, whatever the log says: no record is looked at more often than it could be
        /// listed.</summary>
        private void Tail(BlockStore store, Cursor from, HostileChanges changes)
        {
            using LogReader tail = store.Tail(from);
            int found = 0;
            while (tail.TryNext(out LogEvent one))
            {
                if (_round % 16 == 0)
                    Assert.True(Cursor.TryParse(one.Cursor.ToString(), out _), $"{Where(changes)}: {one.Cursor}");
                Assert.True(++found < 20_000, $"{Where(changes)}: the tail has no end");
            }
        }
    }
}
