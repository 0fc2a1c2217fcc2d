using System.Security.Cryptography;
using ArrowCid.Memory;

namespace ArrowCid.Sync;

/// <summary>Finds the difference of a set here and one of the other side, by the cheapest way that finds it
/// (<c>SYNC.md</c>, Ladder). The other side is not trusted: what it says is checked against its own sum.</summary>
/// <param name="link">The other side.</param>
internal sealed class SyncSearch(SyncLink link)
{
    // Requests for symbols of this number of groups are sent at once.
    private const int GroupsAtOnce = 64;

    /// <summary>Finds the difference.</summary>
    /// <param name="wish">The set that the other side fixes.</param>
    /// <param name="open">Fixes the set here once it is known whether the other side gives a tail.</param>
    public SyncDifference Find(SyncWish wish, Func<bool, SyncSet> open)
    {
        byte[] nonce = RandomNumberGenerator.GetBytes(SyncHash.NonceBytes);
        SyncMessage answer = link.AskOne(new SyncHello(nonce, wish).Encode(), SyncMessageKind.Welcome);
        SyncWelcome welcome = SyncWelcome.Decode(answer);
        if (welcome.IsTail && wish.Since is null) throw link.Inconsistent("it gives a tail that was not asked for");
        var hash = new SyncHash(nonce, welcome.Nonce);
        SyncSet here = open(welcome.IsTail);
        if (welcome.IsTail)
        {
            IReadOnlyList<Digest256> tail = welcome.Count == 0 ? [] : ListOf(0, welcome.Count);
            return new SyncDifference(welcome, tail, [.. here.Items], SyncWay.Cursor);
        }

        ulong sum = here.Sum(in hash);
        if (welcome.Count == here.Count && welcome.Sum == sum)
            return new SyncDifference(welcome, [], [], SyncWay.Sum);
        var found = new Found();
        bool isListed = welcome.Count <= SyncLimits.Listed;
        if (isListed) Compare(here.Items, ListOf(0, welcome.Count), found);
        else Sketch(here, in hash, welcome, found);
        Check(welcome, here, in hash, sum, found);
        return new SyncDifference(welcome, found.There, found.Here, isListed ? SyncWay.List : SyncWay.Sketch);
    }

    private void Sketch(SyncSet here, in SyncHash hash, SyncWelcome welcome, Found found)
    {
        int bits = SketchPlan.BitsFor(Math.Max(welcome.Count, here.Count));
        byte[] request = SyncMessage.Write(SyncMessageKind.Sums, [(ulong)bits], here.BucketSums(in hash, bits));
        SyncMessage map = link.AskOne(request, SyncMessageKind.Differences);
        if (map.Bytes.Length != ((1 << bits) + 7) / 8) throw link.Inconsistent("it compares another number of buckets");
        var plan = new SketchPlan(bits, map.Bytes.Span);
        for (int first = 0; first < plan.Groups;)
        {
            var groups = new List<Group>();
            long items = 0;
            do
            {
                int group = first + groups.Count;
                items += here.CountOf(plan, group);
                groups.Add(new Group(group, here.ItemsOf(plan, group, in hash), plan.FirstSymbols(group), hash));
            }
            while (groups.Count < GroupsAtOnce && first + groups.Count < plan.Groups &&
                items + here.CountOf(plan, first + groups.Count) <= SyncSet.MostKept);
            first += groups.Count;
            while (groups.Count > 0) groups = Next(groups, plan, welcome, in hash, found);
        }
    }

    /// <summary>Asks for more symbols of groups, or lists them.</summary>
    /// <returns>The groups whose differences are not known yet.</returns>
    private List<Group> Next(List<Group> groups, SketchPlan plan, SyncWelcome welcome, in SyncHash hash, Found found)
    {
        byte[][] requests = [.. groups.Select(group => SyncMessage.Write(SyncMessageKind.Symbols,
            [(ulong)group.Number, (ulong)group.Decoder.Count, (ulong)group.Ask]))];
        var open = new List<Group>();
        int answered = 0;
        SyncHash key = hash;
        foreach ((int at, SyncMessage message) in link.Ask(requests))
        {
            Group group = groups[at];
            SyncMessage symbols = link.Expect(message, SyncMessageKind.Symbols);
            CodedSymbol[] there = Sync.Sketch.Read(symbols.Bytes.Span, group.Ask);
            if (at != answered++ || there.Length != group.Ask || symbols.Number(0) != (ulong)group.Number)
                throw link.Inconsistent("it sends other symbols than were asked for");
            var here = new CodedSymbol[there.Length];
            Sync.Sketch.Encode(group.Items, in key, group.Decoder.Count, here);
            if (!group.Decoder.Take(there, here)) throw link.Inconsistent("its symbols are not those of a set");
            if (!group.Decoder.IsDone) open.Add(group);
            else Take(group, plan, found);
        }

        if (answered != groups.Count) throw link.Inconsistent("it leaves out symbols");
        return [.. open.Where(group => !IsListed(group, plan, welcome, found))];
    }

    /// <summary>Lists a group where further symbols would not be cheaper.</summary>
    private bool IsListed(Group group, SketchPlan plan, SyncWelcome welcome, Found found)
    {
        // Of a group the other side has about the same share of its items.
        int most = Math.Max(64, group.Items.Length / 2);
        if (group.Decoder.Count + group.Ask / 2 <= most)
        {
            int more = plan.IsUnknown ? group.Decoder.Count : group.Decoder.Count / 2;
            group.Ask = Math.Min(SyncLimits.Symbols, Math.Max(32, more));
            return false;
        }

        Digest256[] listed = ListOf(group.Number, welcome.Count);
        foreach (Digest256 digest in listed) RequireInGroup(in digest, group, plan);
        Compare(group.Items, listed, found);
        return true;
    }

    private void Take(Group group, SketchPlan plan, Found found)
    {
        var own = group.Items.ToHashSet();
        foreach (Digest256 digest in group.Decoder.Here)
        {
            if (!own.Remove(digest)) throw link.Inconsistent("its symbols are not those of a set");
            found.Here.Add(digest);
        }

        foreach (Digest256 digest in group.Decoder.There)
        {
            RequireInGroup(in digest, group, plan);
            if (!own.Add(digest)) throw link.Inconsistent("its symbols are not those of a set");
            found.There.Add(digest);
        }
    }

    private void RequireInGroup(in Digest256 digest, Group group, SketchPlan plan)
    {
        group.Buckets ??= [.. plan.BucketsOf(group.Number)];
        if (!group.Buckets.Contains(SyncSet.BucketOf(in digest, plan.Bits)))
            throw link.Inconsistent("it lists an item in a group of other items");
    }

    private Digest256[] ListOf(int group, long most)
    {
        var listed = new List<Digest256>();
        byte[] request = SyncMessage.Write(SyncMessageKind.List, [(ulong)group]);
        foreach ((_, SyncMessage message) in link.Ask([request]))
        {
            listed.AddRange(link.Expect(message, SyncMessageKind.List).Digests());
            if (listed.Count > most) throw link.Inconsistent("it lists more items than its set has");
        }

        return [.. listed];
    }

    private static void Compare(IEnumerable<Digest256> here, IReadOnlyList<Digest256> there, Found found)
    {
        var own = new HashSet<Digest256>();
        foreach (Digest256 digest in here) _ = own.Add(digest);
        foreach (Digest256 digest in there)
        {
            if (!own.Remove(digest)) found.There.Add(digest);
        }

        found.Here.AddRange(own);
    }

    /// <summary>Requires that the differences make the sum of the set here that of the other side.</summary>
    private void Check(SyncWelcome welcome, SyncSet here, in SyncHash hash, ulong sum, Found found)
    {
        foreach (Digest256 digest in found.There) sum = unchecked(sum + hash.Of(in digest));
        foreach (Digest256 digest in found.Here) sum = unchecked(sum - hash.Of(in digest));
        if (sum != welcome.Sum || here.Count + found.There.Count - found.Here.Count != welcome.Count)
            throw link.Inconsistent("what it lists is not the set of its sum");
    }

    private sealed class Found
    {
        public List<Digest256> There { get; } = [];

        public List<Digest256> Here { get; } = [];
    }

    private sealed class Group(int number, Digest256[] items, int ask, SyncHash hash)
    {
        public int Number { get; } = number;

        public Digest256[] Items { get; } = items;

        public SketchDecoder Decoder { get; } = new(hash);

        public int Ask { get; set; } = Math.Min(ask, SyncLimits.Symbols);

        public HashSet<int>? Buckets { get; set; }
    }
}
