using ArrowCid.Postgres;
using ArrowCid.Registry;
using ArrowCid.Tests.Peers;

namespace ArrowCid.Tests.Pools;

/// <summary>Filters over a pool.</summary>
public sealed class PoolQueryTests : PoolTestBase
{
    private static readonly string[] s_values = ["a", "B", "10", "9", "2026-11-20", "", "é", "a\0b", "true"];

    [PeerFact(Peer.Postgres)]
    public async Task Filters_find_in_the_pool_what_they_find_in_a_store()
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        Pool pool = await World.CreateAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(pool);
        var cids = new List<Cid>();
        for (int i = 0; i < 40; i++)
        {
            cids.Add(store.Put(PoolWorld.Batch(Enumerable.Range(i, 1 + (i % 3)).Select(v => (long)v).ToArray()), new PutOptions
            {
                Tags = Enumerable.Range(0, random.Next(3)).ToDictionary(k => $"k{k}", _ => (string?)s_values[random.Next(s_values.Length)], StringComparer.Ordinal) is { Count: > 0 } tags ? tags : null,
                Producer = random.Next(2) == 0 ? $"p{random.Next(3)}" : null,
                Parents = i > 0 && random.Next(2) == 0 ? [cids[random.Next(i)]] : null,
                Json = random.Next(3) == 0 ? $"{{\"n\":{random.Next(4)},\"s\":[\"x\"]}}" : null,
                Pin = random.Next(4) == 0,
            }).Cid);
        }

        _ = await member.PushAsync(cids);
        _ = await member.SetNameAsync("some/name", cids[3]);
        // What was pushed is known in both; the facts of copies were made by the push.
        int compared = 0;
        for (int i = 0; i < 150; i++)
        {
            string text = Expression(random, cids, 2);
            var filter = Filter.Parse(text);
            HashSet<Cid> expected = [.. store.Metadata.QueryPage(new QueryOptions { Filter = filter }).Entries.Select(entry => entry.Cid)];
            PoolPage page = await pool.QueryAsync(new QueryOptions { Filter = filter });
            Assert.True(expected.SetEquals(page.Entries.Select(entry => entry.Cid)), $"seed {seed}: {text}");
            compared += expected.Count;
        }

        Assert.True(compared > 0);
    }

    [PeerFact(Peer.Postgres)]
    public async Task Pages_follow_one_another_without_a_gap_in_either_order()
    {
        Pool pool = await World.CreateAsync();
        (PoolMember member, CidStore store) = await World.JoinAsync(pool);
        Cid[] cids = [.. Enumerable.Range(0, 25).Select(i => store.PutRaw(BitConverter.GetBytes(i)).Cid)];
        foreach (Cid[] some in cids.Chunk(5)) _ = await member.PushAsync(some);
        foreach (bool newest in (bool[])[false, true])
        {
            var found = new List<Cid>();
            string? after = null;
            do
            {
                PoolPage page = await pool.QueryAsync(new QueryOptions { Limit = 4, After = after, NewestFirst = newest });
                found.AddRange(page.Entries.Select(entry => entry.Cid));
                after = page.Next;
            }
            while (after is not null);
            Assert.Equal(cids.Order(), found.Order());
        }

        Assert.Equal(ErrorCode.InvalidArgument, (await Assert.ThrowsAsync<ArrowCidException>(() => pool.QueryAsync(new QueryOptions { After = "x-1" }))).Code);
    }

    [Theory]
    [InlineData("tag.day = \"x\"", "w.kind = 1")]
    [InlineData("producer = feed", "w.kind = 2")]
    [InlineData("not tag.day = \"x\"", "true")]
    [InlineData("tag.day = \"x\" or rows > 1", "true")]
    [InlineData("name = n and rows > 1", "from name n")]
    [InlineData("created > 2026-01-01", "b.created")]
    public void Filter_becomes_a_condition_that_an_index_answers(string filter, string part) =>
        Assert.Contains(part, FilterSql.Of(Filter.Parse(filter)).Condition, StringComparison.Ordinal);

    private static string Expression(Random random, List<Cid> cids, int depth)
    {
        if (depth > 0 && random.Next(2) == 0)
        {
            string one = Expression(random, cids, depth - 1), other = Expression(random, cids, depth - 1);
            return random.Next(3) switch { 0 => $"({one} and {other})", 1 => $"({one} or {other})", _ => $"not ({one})" };
        }

        string key = $"k{random.Next(3)}", value = s_values[random.Next(s_values.Length)].Replace("\0", "\\u0000", StringComparison.Ordinal);
        string op = ((string[])["=", "!=", "<", ">=", "~"])[random.Next(5)];
        return random.Next(16) switch
        {
            0 => $"tag.{key} = \"{value}\"",
            1 => $"tag.{key} {op} \"{value}\"",
            2 => $"tag.{key} in (\"{value}\", \"a\")",
            3 => $"has tag.{key}",
            4 => $"tag.{key} < 10",
            5 => $"producer = p{random.Next(3)}",
            6 => $"producer {op} p{random.Next(3)}",
            7 => $"cid = {cids[random.Next(cids.Count)]}",
            8 => $"parent = {cids[random.Next(cids.Count)]}",
            9 => "pinned",
            10 => "name = \"some/name\"",
            11 => $"rows > {random.Next(4)}",
            12 => $"json.n = {random.Next(4)}",
            13 => "kind = batch",
            14 => "created >= 2026-01-01",
            _ => $"producer in (p0, p{random.Next(3)})",
        };
    }
}
