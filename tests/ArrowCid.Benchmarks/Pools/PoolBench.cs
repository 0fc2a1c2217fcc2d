using System.Diagnostics;
using System.Globalization;
using ArrowCid.Postgres;
using ArrowCid.Registry;
using ArrowCid.Tests.Pools;
using ArrowCid.Transfer.Backends;
using Npgsql;
using NpgsqlTypes;

namespace ArrowCid.Benchmarks;

/// <summary>Pools against bare PostgreSQL, on one server with flushes to disk.</summary>
internal sealed class PoolBench : IBench
{
    private const string Facts = "facts", ChangesOfNames = "names", Watch = "watch", Bootstrap = "bootstrap", Collect = "gc", Scale = "members";
    private const int Members = 8, GroupsAtOnce = 1000;

    private readonly BenchPlace _place = BenchPlace.In("/dev/shm");
    private readonly bool _isQuick;
    private readonly PostgresServer? _server;
    private int _number;

    public PoolBench(bool isQuick, Rounds rounds)
    {
        (_isQuick, Rounds) = (isQuick, rounds);
        _server = PostgresServer.Programs is null ? null : new PostgresServer(isDurable: true);
    }

    /// <summary>What can be measured alone.</summary>
    public static IEnumerable<string> Names => [Facts, ChangesOfNames, Watch, Bootstrap, Collect, Scale];

    public Rounds Rounds { get; }

    public string? MissingCompetitors => _server is null ? "PostgreSQL (Debian package postgresql)" : null;

    public IEnumerable<Measurement> Run(string[] only)
    {
        if (_server is null) yield break;
        foreach ((string name, Func<Task<List<Measurement>>> bench) in new (string, Func<Task<List<Measurement>>>)[]
        {
            (Facts, FactsAsync), (ChangesOfNames, NamesAsync), (Watch, WatchAsync), (Bootstrap, BootstrapAsync),
            (Collect, CollectAsync), (Scale, ScaleAsync),
        })
        {
            if (only.Length > 0 && !only.Contains(name)) continue;
            foreach (Measurement each in Wait(bench)) yield return each;
        }
    }

    public void Dispose()
    {
        _server?.Dispose();
        _place.Dispose();
    }

    private static T Wait<T>(Func<Task<T>> call) => Task.Run(call).GetAwaiter().GetResult();

    private static double Timed(Func<Task> call) => Rounds.Seconds(() => Wait(async () =>
    {
        await call();
        return true;
    }));

    private async Task<Pool> CreateAsync()
    {
        int number = ++_number;
        return await Pool.CreateAsync(new PoolOptions
        {
            Registry = _server!.UrlOf(string.Create(CultureInfo.InvariantCulture, $"b{number}")),
            Blocks = ObjectStore.Folder(_place.PathOf(string.Create(CultureInfo.InvariantCulture, $"objects{number}"))),
        });
    }

    private BenchStore OpenStore(long capacity = 1L << 28) => _place.Open(
        string.Create(CultureInfo.InvariantCulture, $"store{++_number}"), new CidStoreOptions { Capacity = capacity });

    /// <summary>A group about one block, as a put with a tag and a producer writes it.</summary>
    private static FactGroup GroupOf(int number)
    {
        Cid cid = Cid.Sha256(Multicodec.Raw, BitConverter.GetBytes(number));
        string tag = string.Create(CultureInfo.InvariantCulture, $"day-{number % 1000}");
        return new FactGroup(new FactStamp(((ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() << 16) + (ulong)number,
            7), [new TagsFact(cid, [KeyValuePair.Create("day", (string?)tag)]), new ProducerFact(cid, "feed")]);
    }

    private static List<FactWord> WordsOf(IEnumerable<FactGroup> groups) => FactWord.Fold(groups.SelectMany(group =>
        group.Facts.SelectMany(fact => FactWord.Of(group.Stamp, fact))));

    private static async Task CopyWordsAsync(NpgsqlConnection connection, string table, IEnumerable<FactWord> words)
    {
        await using NpgsqlBinaryImporter to = await connection.BeginBinaryImportAsync($"copy {table} (digest, kind, " +
            "key, stamp_time, stamp_writer, value, codec, text, facts) from stdin (format binary)");
        foreach (FactWord word in words)
        {
            await to.StartRowAsync();
            await to.WriteAsync(PoolRows.BytesOf(word.Digest), NpgsqlDbType.Bytea);
            await to.WriteAsync((short)word.Kind, NpgsqlDbType.Smallint);
            await to.WriteAsync(word.Key, NpgsqlDbType.Bytea);
            await to.WriteAsync((long)word.Stamp.Time, NpgsqlDbType.Bigint);
            await to.WriteAsync(word.Stamp.WriterId, NpgsqlDbType.Uuid);
            await to.WriteAsync(word.Value, NpgsqlDbType.Bytea);
            await to.WriteAsync((long)word.Codec, NpgsqlDbType.Bigint);
            await to.WriteAsync(word.Text, NpgsqlDbType.Bytea);
            await to.WriteAsync(word.Facts, NpgsqlDbType.Bytea);
        }

        _ = await to.CompleteAsync();
    }

    private static async Task CopyGroupsAsync(NpgsqlConnection connection, string table, IEnumerable<byte[]> payloads)
    {
        await using NpgsqlBinaryImporter to = await connection.BeginBinaryImportAsync(
            $"copy {table} (member, facts) from stdin (format binary)");
        foreach (byte[] payload in payloads)
        {
            await to.StartRowAsync();
            await to.WriteAsync(0L, NpgsqlDbType.Bigint);
            await to.WriteAsync(payload, NpgsqlDbType.Bytea);
        }

        _ = await to.CompleteAsync();
    }

    private async Task<List<Measurement>> FactsAsync()
    {
        int count = _isQuick ? 5_000 : 50_000, next = 0;
        await using Pool pool = await CreateAsync();
        await using NpgsqlConnection connection = await pool.Database.OpenAsync(default);
        _ = await PoolRows.ExecuteAsync(connection, """
            create table bare_group (like fact_group including all);
            create table bare_word (like word including all)
            """, [], default);
        (double ours, double bare) = Rounds.InTurn(
            () => Measure(async groups =>
            {
                foreach (FactGroup[] some in groups)
                {
                    _ = await pool.Database.TransactAsync((to, token) => FactTable.WriteAsync(to, 0, some, token),
                        default);
                }
            }),
            () =>
            {
                FactGroup[][] groups = Next();
                var ready = groups.Select(some => (Words: WordsOf(some), Payloads: FactTable.PayloadsOf(some).ToList()))
                    .ToList();
                return Timed(async () =>
                {
                    foreach ((List<FactWord> words, List<byte[]> payloads) in ready)
                    {
                        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync();
                        await CopyGroupsAsync(connection, "bare_group", payloads);
                        await CopyWordsAsync(connection, "bare_word", words);
                        await transaction.CommitAsync();
                    }
                }) / count;
            });
        return
        [
            new Measurement("facts in, 1,000 groups of 2 facts a commit", 1 / ours, 1 / bare, "groups/s",
                "COPY of the same rows", 0.5),
        ];

        FactGroup[][] Next()
        {
            FactGroup[] groups = [.. Enumerable.Range(next, count).Select(GroupOf)];
            next += count;
            return [.. groups.Chunk(GroupsAtOnce)];
        }

        double Measure(Func<FactGroup[][], Task> call)
        {
            FactGroup[][] groups = Next();
            return Timed(() => call(groups)) / count;
        }
    }

    private async Task<List<Measurement>> NamesAsync()
    {
        TimeSpan span = TimeSpan.FromSeconds(_isQuick ? 1 : 5);
        await using Pool pool = await CreateAsync();
        var stores = new List<BenchStore>();
        var members = new List<PoolMember>();
        for (int i = 0; i < Members; i++)
        {
            stores.Add(OpenStore(1 << 26));
            members.Add(await pool.JoinAsync(stores[^1].Store));
        }

        Cid cid = stores[0].Store.PutRaw("a"u8.ToArray()).Cid;
        _ = await members[0].PushAsync([cid]);
        string script = _place.PathOf("update.sql");
        await File.WriteAllTextAsync(script,
            $"update {pool.Database.Address.Schema}.bare set stamp_time = stamp_time + 1 " +
            "where name = 'n' || :client_id and stamp_time >= 0;\n");
        await using (NpgsqlConnection connection = await pool.Database.OpenAsync(default))
        {
            _ = await PoolRows.ExecuteAsync(connection, """
                create table bare (like name including all);
                insert into bare select 'n' || i, 0, gen_random_uuid() from generate_series(0, 7) i
                """, [], default);
        }

        (double ours, double bare) = Rounds.InTurn(() =>
        {
            int changes = 0;
            long end = Stopwatch.GetTimestamp() + (long)(span.TotalSeconds * Stopwatch.Frequency);
            double seconds = Timed(() => Task.WhenAll(members.Select((member, i) => Task.Run(async () =>
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"n{i}");
                while (Stopwatch.GetTimestamp() < end)
                {
                    _ = await member.SetNameAsync(name, cid);
                    _ = Interlocked.Increment(ref changes);
                }
            }))));
            return seconds / changes;
        }, () => 1 / PgBench(script, span));
        foreach (PoolMember member in members) await member.DisposeAsync();
        foreach (BenchStore store in stores) store.Dispose();
        return
        [
            new Measurement("changes of names, 8 members", 1 / ours, 1 / bare, "changes/s",
                "UPDATE … WHERE by pgbench, 8 clients", 0.8),
        ];
    }

    private double PgBench(string script, TimeSpan span)
    {
        string text = _server!.Run("pgbench", "-n", "-c", "8", "-j", "2", "-T",
            span.TotalSeconds.ToString(CultureInfo.InvariantCulture), "-f", script, "postgres");
        string line = text.Split('\n').First(each => each.StartsWith("tps = ", StringComparison.Ordinal));
        return double.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture);
    }

    private async Task<List<Measurement>> WatchAsync()
    {
        int rounds = _isQuick ? 100 : 1000;
        await using Pool pool = await CreateAsync();
        using BenchStore one = OpenStore(1 << 26), two = OpenStore(1 << 26);
        await using PoolMember a = await pool.JoinAsync(one.Store), b = await pool.JoinAsync(two.Store);
        Cid[] cids = [one.Store.PutRaw("a"u8.ToArray()).Cid, one.Store.PutRaw("b"u8.ToArray()).Cid];
        _ = await a.PushAsync(cids);
        await using NpgsqlConnection sender = await pool.Database.OpenAsync(default),
            listener = await pool.Database.OpenAsync(default);
        _ = await PoolRows.ExecuteAsync(sender, "create table bare (n bigint)", [], default);
        _ = await PoolRows.ExecuteAsync(listener, "listen bare", [], default);
        var ours = new List<double>();
        var bare = new List<double>();
        for (int i = 0; i < rounds + 20; i++)
        {
            Cid cid = cids[i % 2];
            long start = Stopwatch.GetTimestamp();
            Task<PoolToken> setting = a.SetNameAsync("n", cid);
            while (true)
            {
                Task next = b.WhenRead;
                bool isTold;
                try
                {
                    isTold = two.Store.Names.Resolve("n") == cid;
                }
                catch (ArrowCidException e) when (e.Code == ErrorCode.NameNotFound)
                {
                    isTold = false;
                }

                if (isTold) break;
                await next;
            }

            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            _ = await setting;
            start = Stopwatch.GetTimestamp();
            _ = await PoolRows.ExecuteAsync(sender, "insert into bare values (1); notify bare", [], default);
            await listener.WaitAsync();
            _ = await PoolRows.ExecuteAsync(listener, "select max(n) from bare", [], default);
            if (i < 20) continue;
            ours.Add(seconds * 1000);
            bare.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        ours.Sort();
        bare.Sort();
        return
        [
            new Measurement("name set on A to read in the store of B, p50", ours[rounds / 2], bare[rounds / 2], "ms",
                "INSERT and NOTIFY, LISTEN and SELECT", 1 / 1.5) { IsLessBetter = true },
            new Measurement("name set on A to read in the store of B, p99", ours[rounds * 99 / 100],
                bare[rounds * 99 / 100], "ms", "the same", null, 50) { IsLessBetter = true },
        ];
    }

    private async Task<List<Measurement>> BootstrapAsync()
    {
        int count = int.TryParse(Environment.GetEnvironmentVariable("ARROWCID_BENCH_ENTRIES"), out int given) ? given
            : _isQuick ? 20_000 : 1_000_000;
        await using Pool pool = await CreateAsync();
        await using NpgsqlConnection connection = await pool.Database.OpenAsync(default);
        for (int from = 0; from < count; from += 100_000)
        {
            List<FactGroup> groups = [.. Enumerable.Range(from, Math.Min(100_000, count - from)).Select(GroupOf)];
            await CopyGroupsAsync(connection, "fact_group", FactTable.PayloadsOf(groups));
            await CopyWordsAsync(connection, "word", WordsOf(groups));
        }

        PoolSnapshot snapshot;
        double writing;
        using (BenchStore store = OpenStore(4L << 30))
        {
            await using PoolMember member = await pool.JoinAsync(store.Store);
            long start = Stopwatch.GetTimestamp();
            snapshot = await member.SnapshotAsync();
            writing = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        double ours;
        using (BenchStore store = OpenStore(8L << 30))
        {
            long start = Stopwatch.GetTimestamp();
            await using PoolMember member = await pool.JoinAsync(store.Store);
            _ = await member.PullAsync();
            int found = store.Store.Metadata.QueryPage(new QueryOptions
            {
                Filter = Filter.Parse("tag.day = \"day-7\""),
                IncludeMissing = true,
                Limit = 10,
            }).Entries.Count;
            ours = Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (found != 10) throw new InvalidOperationException($"{found} entries of a tag came with the snapshot");
        }

        long[] sizes = [.. (await PoolRows.QueryAsync(connection, """
            select pg_total_relation_size('word'), pg_total_relation_size('fact_group')
            """, [], row => (long[])[row.GetInt64(0), row.GetInt64(1)], default))[0]];
        string dump = _place.PathOf("dump");
        string schema = pool.Database.Address.Schema;
        _ = _server!.Run("pg_dump", "-Fc", "-Z", "1", "-n", schema, "-t", $"{schema}.word", "-t", $"{schema}.fact_group", "-f", dump,
            "postgres");
        _ = await PoolRows.ExecuteAsync(connection, "create database restored", [], default);
        double bare = Rounds.Seconds(() =>
        {
            _ = _server.Run("psql", "-q", "-c", $"create schema {schema}; create sequence {schema}.fact_seq", "restored");
            _ = _server.Run("pg_restore", "-j", "2", "-d", "restored", dump);
        });
        string entries = string.Create(CultureInfo.InvariantCulture, $"new member of {count:N0} entries answers a filter");
        return
        [
            new Measurement(entries, ours, bare, "s", "pg_restore of the two tables", 5)
            {
                IsLessBetter = true,
                Note = string.Create(CultureInfo.InvariantCulture, $"once; the snapshot took {writing:F1} s, " +
                    $"{snapshot.ByteLength / 1e6:F0} MB; rows of words {sizes[0] / count} bytes and of " +
                    $"the log {sizes[1] / count} bytes for each entry; goal 30 s for 10,000,000 entries"),
            },
        ];
    }

    private async Task<List<Measurement>> CollectAsync()
    {
        int count = _isQuick ? 10_000 : 300_000;
        await using Pool pool = await CreateAsync();
        await using NpgsqlConnection connection = await pool.Database.OpenAsync(default);
        // One block an object; half of them are needed by the nodes of names.
        _ = await PoolRows.ExecuteAsync(connection, string.Create(CultureInfo.InvariantCulture, $"""
            insert into block (digest, codec, kind, rows, bytes)
              select sha256(i::text::bytea), 85, 3, 0, 1000000 from generate_series(1, {count}) i;
            insert into object (key, state, member, bytes, since)
              select 'b/' || i, 'L', 0, 1000000, clock_timestamp() - interval '1 day' from generate_series(1, {count}) i;
            insert into place select sha256(i::text::bytea), 'b/' || i, 0, 1000000 from generate_series(1, {count}) i;
            insert into link select sha256((i - i % 100)::text::bytea), sha256(i::text::bytea)
              from generate_series(100, {count}) i where i % 100 between 1 and 49;
            insert into name select 'n' || i, 1, gen_random_uuid(), sha256(i::text::bytea), 85
              from generate_series(100, {count}, 100) i;
            analyze
            """), [], default);
        long dead = 0, found = 0;
        (double ours, double bare) = Rounds.InTurn(() =>
        {
            double seconds = Timed(async () => dead = (await pool.CollectAsync(new PoolCollectOptions())).Dead);
            Wait(() => PoolRows.ExecuteAsync(connection,
                "update object set state = 'L', since = clock_timestamp() - interval '1 day' where state = 'D'; " +
                "analyze object", [], default));
            return seconds;
        }, () => Timed(async () => found = (await PoolRows.QueryAsync(connection, """
            with recursive kept(digest) as (
              select target from name union select l.child from kept k join link l on l.parent = k.digest)
            select count(*) from object o where o.state = 'L' and not exists (
              select from place p join kept k on k.digest = p.digest where p.key = o.key)
            """, [], row => row.GetInt64(0), default))[0]));
        if (dead != found) throw new InvalidOperationException($"{dead} objects are dead, and {found} not needed");
        using BenchStore store = OpenStore();
        await using PoolMember member = await pool.JoinAsync(store.Store);
        (double beside, double alone) = Rounds.InTurn(() =>
        {
            using var end = new CancellationTokenSource();
            Task collecting = Task.Run(async () =>
            {
                while (!end.IsCancellationRequested) _ = await pool.CollectAsync(new PoolCollectOptions());
            });
            double seconds = PushSeconds([store], [member]);
            end.Cancel();
            Wait(async () =>
            {
                await collecting;
                return true;
            });
            return seconds;
        }, () => PushSeconds([store], [member]));
        return
        [
            new Measurement("pushes of a block beside collections", 1 / beside, 1 / alone, "pushes/s",
                "without collections", 0.8),
            new Measurement(string.Create(CultureInfo.InvariantCulture, $"collection of {count:N0} objects, half needed"),
                ours, bare, "s", "SELECT … NOT EXISTS of the same", 0.5)
            {
                IsLessBetter = true,
                Note = "the competitor changes nothing",
            },
        ];
    }

    /// <summary>What a push of one new block takes, with members that push at the same time.</summary>
    private double PushSeconds(List<BenchStore> stores, List<PoolMember> members)
    {
        int count = _isQuick ? 50 : 300, first = Interlocked.Add(ref _number, count * members.Count);
        return Timed(() => Task.WhenAll(members.Select((member, i) => Task.Run(async () =>
        {
            for (int j = 0; j < count; j++)
            {
                byte[] bytes = BitConverter.GetBytes((long)first + (i * count) + j + int.MaxValue);
                _ = await member.PushAsync([stores[i].Store.PutRaw(bytes).Cid]);
            }
        })))) / (count * members.Count);
    }

    private async Task<List<Measurement>> ScaleAsync()
    {
        const int Most = 4;
        int reads = _isQuick ? 200 : 2000;
        await using Pool pool = await CreateAsync();
        var stores = new List<BenchStore>();
        var members = new List<PoolMember>();
        for (int i = 0; i < Most; i++)
        {
            stores.Add(OpenStore());
            members.Add(await pool.JoinAsync(stores[^1].Store));
        }

        (double four, double one) = Rounds.InTurn(() => PushSeconds(stores, members),
            () => PushSeconds([stores[0]], [members[0]]));
        Cid cid = stores[0].Store.PutRaw(new byte[100_000]).Cid;
        _ = await members[0].PushAsync([cid]);
        using BlockBackend backend = pool.AsBackend();
        (double cpuOfFour, double cpuOfOne) = Rounds.InTurn(() => ReadCpu(Most), () => ReadCpu(1));
        foreach (PoolMember member in members) await member.DisposeAsync();
        foreach (BenchStore store in stores) store.Dispose();
        return
        [
            new Measurement("pushes of a block each, 4 members", 1 / four, 1 / one, "pushes/s", "1 member", 3)
            {
                Note = "bound by the flushes of the database, and by the cores of this machine",
            },
            new Measurement("CPU of this process for a read of 100 kB, 4 members", cpuOfFour * 1e6, cpuOfOne * 1e6, "us",
                "1 member", 1 / 1.1) { IsLessBetter = true },
        ];

        double ReadCpu(int readers)
        {
            using var process = Process.GetCurrentProcess();
            TimeSpan before = process.TotalProcessorTime;
            Task.WaitAll([.. Enumerable.Range(0, readers).Select(_ => Task.Run(() =>
            {
                for (int i = 0; i < reads; i++)
                {
                    using BlockLease? block = backend.TryGet(cid);
                    if (block is null) throw new InvalidOperationException("the block is lost");
                }
            }))]);
            process.Refresh();
            return (process.TotalProcessorTime - before).TotalSeconds / (readers * reads);
        }
    }
}
