using System.Globalization;
using ArrowCid.Columnar;
using ArrowCid.Ipld;
using ArrowCid.Registry;
using ArrowCid.Tests.Storage;
using Xunit.Abstractions;
using StoreLayout = ArrowCid.Storage.StoreLayout;

namespace ArrowCid.Tests.Store;

/// <summary>Collecting in steps: what is done between two of them counts.</summary>
public class CollectStepsTests(ITestOutputHelper output)
{
    private static readonly CollectionSteps s_small = new(7, 3, 5);

    private static int Seed => Environment.GetEnvironmentVariable("ARROWCID_SEED") is { } set
        ? int.Parse(set, CultureInfo.InvariantCulture)
        : Random.Shared.Next();

    [Fact]
    public void Alone_it_drops_in_small_steps_what_a_dry_run_says()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder), other = Stores.Open(folder);
        Cid[] blocks = [.. Enumerable.Range(0, 300).Select(number => store.PutRaw(StoreCalls.Numbered(number, 50)).Cid)];
        Cid node = store.PutRaw(LinkTo(blocks[..10]), Multicodec.DagCbor).Cid;
        store.Retention.Pin(node);
        store.Retention.Pin(blocks[200]);
        CollectionRules rules = Unneeded();
        var seen = new BlockCollection();
        Cid[] dry = [.. store.Registry.Collector.Collect(rules, isDryRun: true, seen).Single(step => step.Count > 0).Select(each => each.Cid)];
        Assert.Equal(blocks.Except([.. blocks[..10], blocks[200]]).ToHashSet(), dry.ToHashSet());
        var done = new List<Cid>();
        int steps = 0;
        foreach (IReadOnlyList<CollectedNode> step in store.Registry.Collector.Collect(rules, isDryRun: false, new BlockCollection(), s_small))
        {
            steps++;
            Assert.InRange(step.Count, 0, s_small.Dropped);
            done.AddRange(step.Select(each => each.Cid));
            // Nobody is kept out between two steps.
            if (steps % 50 == 0) _ = other.Retention.Remove([Cid.FromSha256(Multicodec.Raw, ArrowCid.Memory.Sha256.Hash("none"u8))]);
        }

        Assert.Equal(dry, done);
        Assert.InRange(steps, (dry.Length / s_small.Dropped) + (blocks.Length / s_small.Read), int.MaxValue);
        Assert.All(done, cid => Assert.False(other.Metadata.Get(cid)?.IsPresent ?? false));
        Assert.All([node, .. blocks[..10], blocks[200]], cid => Assert.True(other.Metadata.Get(cid)!.IsPresent));
        Assert.Empty(store.Diagnostics.CheckFacts());
    }

    /// <summary>Whose last records were collected goes on behind their numbers, as whoever drops does: everybody is told
    /// of a gap then, and hears of all that is there again.</summary>
    [Fact]
    public void A_gap_that_it_makes_itself_keeps_nothing_and_what_is_put_behind_it_stays()
    {
        using var folder = new TemporaryStore();
        Cid[] blocks;
        using (CidStore first = Stores.Open(folder))
            blocks = [.. Enumerable.Range(0, 60).Select(number => first.PutRaw(StoreCalls.Numbered(number, 50)).Cid)];
        using (FileStream control = File.OpenWrite(Path.Combine(folder.Directory, StoreLayout.ControlName)))
        {
            control.Position = StoreLayout.LanesOffset + StoreLayout.LaneCollected;
            control.Write(BitConverter.GetBytes(1000ul));
        }

        using CidStore store = Stores.Open(folder);
        var gone = new List<Cid>();
        Cid? late = null;
        foreach (IReadOnlyList<CollectedNode> step in store.Registry.Collector.Collect(Unneeded(), isDryRun: false, new BlockCollection(), s_small))
        {
            gone.AddRange(step.Select(each => each.Cid));
            // A block that it is about to drop is put again.
            if (gone.Count > 0) late ??= store.PutRaw(StoreCalls.Numbered(59, 50)).Cid;
        }

        Assert.Equal(blocks[..^1].ToHashSet(), gone.ToHashSet());
        Assert.Equal(blocks[^1], late);
        Assert.True(store.Metadata.Get(blocks[^1])!.IsPresent);
    }

    /// <summary>With history, what a name stood for while it was at work stays too.</summary>
    [Fact]
    public void With_history_what_a_name_stood_for_between_two_steps_stays()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder), other = Stores.Open(folder);
        Cid[] blocks = [.. Enumerable.Range(0, 60).Select(number => store.PutRaw(StoreCalls.Numbered(number, 50)).Cid)];
        var gone = new List<Cid>();
        bool isNamed = false;
        foreach (IReadOnlyList<CollectedNode> step in store.Registry.Collector.Collect(Unneeded() with { KeepsHistory = true },
            isDryRun: false, new BlockCollection(), s_small))
        {
            gone.AddRange(step.Select(each => each.Cid));
            if (gone.Count == 0 || isNamed) continue;
            _ = other.Names.Set("moved", blocks[58]);
            _ = other.Names.Set("moved", blocks[59]);
            isNamed = true;
        }

        Assert.Equal(blocks[..58].ToHashSet(), gone.ToHashSet());
    }

    [Fact]
    public void Ended_between_two_steps_it_has_dropped_some_and_another_one_drops_the_rest()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid[] blocks = [.. Enumerable.Range(0, 60).Select(number => store.PutRaw(StoreCalls.Numbered(number, 50)).Cid)];
        using var end = new CancellationTokenSource();
        List<Cid> gone = [];
        _ = Assert.Throws<OperationCanceledException>(() =>
        {
            foreach (IReadOnlyList<CollectedNode> step in store.Registry.Collector.Collect(Unneeded(), isDryRun: false, new BlockCollection(), s_small, end.Token))
            {
                gone.AddRange(step.Select(each => each.Cid));
                if (gone.Count >= 12) end.Cancel();
            }
        });
        Assert.InRange(gone.Count, 12, 12 + s_small.Dropped);
        Assert.Equal(blocks.Except(gone).Order(), store.Query().Select(entry => entry.Cid).Order());
        Assert.Equal(gone.ToHashSet(), store.Retention.GetRemovals().Select(entry => entry.Cid).ToHashSet());
        CollectResult rest = store.Retention.Collect(new CollectOptions { Unreferenced = true, OlderThan = TimeSpan.Zero });
        Assert.Equal(blocks.Except(gone).ToHashSet(), rest.Collected.Select(each => each.Cid).ToHashSet());
    }

    [Fact]
    public void What_is_put_pinned_named_held_touched_or_linked_to_between_steps_stays_with_all_beneath_it()
    {
        int first = Seed, dropped = 0;
        for (int seed = first; seed < first + 25; seed++)
        {
            output.WriteLine($"seed {seed}");
            dropped += new Interleaved(seed).Run();
        }

        // What never drops anything keeps everything too.
        Assert.InRange(dropped, 100, int.MaxValue);
    }

    private static CollectionRules Unneeded()
    {
        DateTimeOffset now = DateTimeOffset.UtcNow.AddSeconds(1);
        return new CollectionRules(TakesUnneeded: true, PutBefore: now, SparesExpired: true, MostBytes: null, KeepsHistory: false, now);
    }

    private static byte[] LinkTo(params IEnumerable<Cid> cids) => DagCbor.Encode(IpldNode.List([.. cids.Select(cid => IpldNode.Link(cid))]));

    /// <summary>A collection, and another handle that does something between its steps.</summary>
    private sealed class Interleaved(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly List<Cid> _known = [];
        private readonly Dictionary<Cid, Cid[]> _needs = [];
        private readonly HashSet<Cid> _kept = [];
        private readonly List<BlockHold> _holds = [];
        private CidStore _other = null!;
        private int _numbers;

        public int Run()
        {
            using var folder = new TemporaryStore();
            using CidStore store = Stores.Open(folder), other = Stores.Open(folder);
            _other = other;
            for (int i = 0; i < 70; i++) Put(isKept: false);
            bool isExpiry = _random.Next(3) == 0;
            if (isExpiry) foreach (Cid cid in _known.Where(_ => _random.Next(2) == 0)) other.Metadata.SetExpiry(cid, DateTimeOffset.UtcNow.AddMilliseconds(-1));
            DateTimeOffset now = DateTimeOffset.UtcNow.AddSeconds(1);
            CollectionRules rules = isExpiry ? new CollectionRules(false, now, false, null, false, now) : Unneeded();
            int dropped = 0;
            var sizes = new CollectionSteps(_random.Next(1, 40), _random.Next(1, 10), _random.Next(1, 8));
            foreach (IReadOnlyList<CollectedNode> step in store.Registry.Collector.Collect(rules, isDryRun: false, new BlockCollection(), sizes))
            {
                dropped += step.Count;
                if (_random.Next(3) == 0) Act();
            }

            using CidStore after = Stores.Open(folder);
            foreach (Cid cid in Beneath(_kept)) Assert.True(IsHere(after, cid), $"seed {seed}: {cid} was acknowledged and is gone");
            foreach (Cid cid in after.Query().Select(entry => entry.Cid).Where(_needs.ContainsKey))
                Assert.All(_needs[cid], need => Assert.True(IsHere(after, need), $"seed {seed}: {cid} is there without {need}"));
            Assert.Empty(after.Diagnostics.CheckFacts());
            // Done again, what stayed as news alone goes; and then nothing more.
            var all = new CollectOptions { Unreferenced = true, OlderThan = TimeSpan.Zero };
            _ = after.Retention.Collect(all);
            Assert.Empty(after.Retention.Collect(all).Collected);
            foreach (BlockHold hold in _holds) hold.Dispose();
            return dropped;
        }

        private void Act()
        {
            Cid[] here = [.. _known.Where(cid => IsHere(_other, cid))];
            if (here.Length == 0) return;
            Cid one = here[_random.Next(here.Length)];
            switch (_random.Next(9))
            {
                case 0:
                    _other.Retention.Pin(one);
                    break;
                case 1:
                    _ = _other.Names.Set($"n{_random.Next(1000)}{_numbers++}", one);
                    break;
                case 2:
                    _holds.Add(_other.Retention.Hold(one));
                    break;
                case 3:
                    _other.Metadata.SetExpiry(one, DateTimeOffset.UtcNow.AddDays(1));
                    break;
                case 4:
                    _ = _other.Maintenance.Compact(0.95);
                    return;
                case 5:
                    // It refuses what anything needs.
                    _kept.ExceptWith(_other.Retention.Remove([one]).Removed);
                    return;
                default:
                    Put(isKept: true);
                    return;
            }

            _ = _kept.Add(one);
        }

        /// <summary>New or old bytes, a batch of some schema, or a node that links to what is there.</summary>
        private void Put(bool isKept)
        {
            Cid[] here = [.. _known.Where(cid => IsHere(_other, cid))];
            Cid cid;
            switch (_random.Next(4))
            {
                case 0 when here.Length > 0:
                    Cid[] links = [.. Enumerable.Range(0, _random.Next(1, 4)).Select(_ => here[_random.Next(here.Length)])];
                    cid = _other.PutRaw(LinkTo(links), Multicodec.DagCbor).Cid;
                    _needs[cid] = links;
                    break;
                case 1:
                    PutResult put = _other.Put(RecordBatch.Of(($"c{_random.Next(6)}", ArrowArray.From<int>(new[] { _random.Next(10) }))));
                    (cid, _needs[put.Cid]) = (put.Cid, [put.SchemaCid]);
                    break;
                default:
                    cid = _other.PutRaw(StoreCalls.Numbered(_random.Next(60), 50)).Cid;
                    break;
            }

            if (!_known.Contains(cid)) _known.Add(cid);
            if (isKept) _ = _kept.Add(cid);
        }

        private HashSet<Cid> Beneath(IEnumerable<Cid> roots)
        {
            var all = new HashSet<Cid>();
            var open = new Stack<Cid>(roots);
            while (open.TryPop(out Cid cid))
            {
                if (!all.Add(cid)) continue;
                foreach (Cid need in _needs.GetValueOrDefault(cid) ?? []) open.Push(need);
            }

            return all;
        }

        private static bool IsHere(CidStore store, Cid cid) => store.Metadata.Get(cid)?.IsPresent ?? false;
    }
}
