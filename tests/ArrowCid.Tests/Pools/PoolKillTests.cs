using System.Collections.Concurrent;
using System.Globalization;
using ArrowCid.Postgres;
using ArrowCid.Tests.Peers;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Pools;

/// <summary>
/// Members that push and name the same few blocks, and collectors that remove them, each killed or stalled at steps
/// that a seed chooses. Whatever was acknowledged is there at the end.
/// </summary>
public sealed class PoolKillTests
{
    private const int Blocks = 12, Members = 3, Collectors = 2;

    [PeerFact(Peer.Postgres)]
    public async Task Members_and_collectors_that_are_killed_lose_nothing_acknowledged()
    {
        bool isLong = Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1";
        int first = int.TryParse(Environment.GetEnvironmentVariable("ARROWCID_SEED"), out int given)
            ? given : Random.Shared.Next(1 << 20);
        int rounds = 0, kills = 0, acknowledged = 0;
        for (; kills < (isLong ? 3000 : 200); rounds++)
        {
            (int killed, int named) = await RunAsync(first + rounds, TimeSpan.FromSeconds(isLong ? 5 : 2.5));
            kills += killed;
            acknowledged += named;
        }

        Console.WriteLine($"seeds {first} to {first + rounds - 1}: {kills} kills, {acknowledged} names acknowledged");
        Assert.True(acknowledged > 0, $"seed {first}: {kills} kills, {acknowledged} names");
    }

    private static async Task<(int Kills, int Named)> RunAsync(int seed, TimeSpan span)
    {
        await using var world = new PoolWorld();
        int kills = 0, named = 0;
        var random = new Random(seed);
        var dice = new Lock();
        world.OnStep = async _ =>
        {
            int chance;
            lock (dice) chance = random.Next(100);
            if (chance < 20)
            {
                Interlocked.Increment(ref kills);
                throw new KilledException();
            }

            if (chance < 34) await StallAsync(chance);
        };
        world.Wrap = objects => new StallingObjects(objects, () =>
        {
            lock (dice) return random.Next(6);
        });
        await using Pool pool = await Pool.CreateAsync(world.Options());
        byte[][] contents = [.. Enumerable.Range(0, Blocks).Select(i => BitConverter.GetBytes((seed * 100) + i))];
        // The last value of each name that was acknowledged to its one writer.
        var names = new ConcurrentDictionary<string, Cid>(StringComparer.Ordinal);
        var abandoned = new ConcurrentBag<IAsyncDisposable>();
        using var end = new CancellationTokenSource(span);
        Task[] work =
        [
            .. Enumerable.Range(0, Members).Select(i => Task.Run(() => WorkAsync(i))),
            .. Enumerable.Range(0, Collectors).Select(_ => Task.Run(CollectAsync)),
        ];
        await Task.WhenAll(work);
        world.OnStep = null;
        foreach (IAsyncDisposable lease in abandoned) await lease.DisposeAsync();
        await using Pool after = await Pool.OpenAsync(world.Options());
        await PoolWorld.AssertCleanAsync(after, $"seed {seed}");
        using BlockBackend backend = after.AsBackend();
        foreach ((string name, Cid cid) in names)
        {
            Assert.True(await after.ResolveAsync(name) == cid, $"seed {seed}: the name {name} is lost");
            Assert.True(backend.TryGet(cid) is not null, $"seed {seed}: the block of {name} is lost");
        }

        _ = await after.CollectAsync(PoolWorld.AtOnce());
        await PoolWorld.AssertCleanAsync(after, $"seed {seed}, collected");
        Assert.True(0 == await world.CountAsync("select count(*) from sweep where is_open"), $"seed {seed}: the sweep is open");
        Assert.True(0 == await world.CountAsync("select count(*) from object where state <> 'L'"), $"seed {seed}: objects are left");
        return (kills, named);

        async Task WorkAsync(int number)
        {
            var choice = new Random(seed + number);
            CidStore store = world.NewStore();
            Cid[] raw = [.. contents.Select(each => store.PutRaw(each).Cid)];
            Cid[] batches = [.. Enumerable.Range(0, 4).Select(i => store.Put(PoolWorld.Batch(seed, i)).Cid)];
            Cid[] all = [.. raw, .. batches, store.Datasets.Put(batches[..2]).Cid, store.Datasets.Put(batches[1..]).Cid];
            PoolMember? member = null;
            while (!end.IsCancellationRequested)
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"n{number}/{choice.Next(3)}");
                Cid cid = all[choice.Next(all.Length)];
                bool isKept = names.TryGetValue(name, out Cid before);
                try
                {
                    member ??= await pool.JoinAsync(store);
                    if (choice.Next(3) > 0) _ = await member.PushAsync([cid]);
                    // Until it is acknowledged the name has either value; the next change of this writer settles it.
                    _ = await member.SetNameAsync(name, cid);
                    names[name] = cid;
                    Interlocked.Increment(ref named);
                    if (choice.Next(4) == 0) _ = names.TryRemove(name, out _) && await RemoveAsync(member, name);
                }
                catch (ArrowCidException e) when (e.Code is ErrorCode.BlockNotFound or ErrorCode.Busy)
                {
                    // It was collected; nothing was acknowledged.
                    Assert.Equal(isKept, names.ContainsKey(name));
                }
                catch (KilledException)
                {
                    // Its process is gone, and its lease runs on. Another one goes on with the store.
                    if (member is not null) abandoned.Add(await member.AbandonAsync());
                    member = null;
                }
            }

            if (member is not null) await member.DisposeAsync();
        }

        async Task CollectAsync()
        {
            while (!end.IsCancellationRequested)
            {
                try
                {
                    _ = await pool.CollectAsync(PoolWorld.AtOnce());
                }
                catch (KilledException)
                {
                    // The next one goes on.
                }
            }
        }
    }

    private static async Task<bool> RemoveAsync(PoolMember member, string name)
    {
        _ = await member.SetNameAsync(name, null, await member.ResolveAsync(name));
        return true;
    }

    /// <summary>Lets the other members run in between.</summary>
    private static async Task StallAsync(int turns)
    {
        for (int i = 0; i < turns * 100; i++) await Task.Yield();
    }

    private sealed class KilledException : Exception;

    /// <summary>An object store that takes its time.</summary>
    private sealed class StallingObjects(ObjectStore inner, Func<int> turns) : ObjectStore(inner.Name)
    {
        public override async Task<bool> WriteAsync(string key, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            await StallAsync(turns());
            bool isNew = await inner.WriteAsync(key, bytes, cancellationToken);
            await StallAsync(turns());
            return isNew;
        }

        public override Task<bool> ReadAsync(string key, long offset, Memory<byte> target, CancellationToken cancellationToken) =>
            inner.ReadAsync(key, offset, target, cancellationToken);

        public override async Task DeleteAsync(string key, CancellationToken cancellationToken)
        {
            await StallAsync(turns());
            await inner.DeleteAsync(key, cancellationToken);
        }

        public override IAsyncEnumerable<(string Key, long ByteLength)> ListAsync(string prefix, CancellationToken cancellationToken) =>
            inner.ListAsync(prefix, cancellationToken);
    }
}
