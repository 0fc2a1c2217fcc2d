using Apache.Arrow;
using ArrowCid.Postgres;
using ArrowCid.Tests.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Pools;

/// <summary>A pool of a test: a schema of the shared server, a directory of objects, and stores.</summary>
internal sealed class PoolWorld : IAsyncDisposable
{
    private readonly string _schema = $"t{Guid.NewGuid():n}";
    private readonly string _objects = Directory.CreateTempSubdirectory("arrowcid-objects-").FullName;
    private readonly List<IAsyncDisposable> _open = [];
    private readonly List<PostgresServer> _servers = [];
    private bool _isUsed;
    private readonly List<IDisposable> _stores = [];

    /// <summary>What hears of the steps of pools that are opened from now on.</summary>
    public Func<PoolStep, Task>? OnStep { get; set; }

    /// <summary>The object store, before it is given to a pool.</summary>
    public Func<ObjectStore, ObjectStore> Wrap { get; set; } = objects => objects;

    /// <summary>The port of the database; null for the server's own.</summary>
    public int? Port { get; set; }

    /// <summary>The database.</summary>
    public PostgresServer Server => _servers.Count > 0 ? _servers[^1] : PostgresServer.Shared;

    /// <summary>Starts a server of this test, which has the database from now on.</summary>
    /// <param name="primary">The server of which it is a standby; null for none.</param>
    public PostgresServer StartServer(PostgresServer? primary = null)
    {
        _servers.Add(new PostgresServer(primary));
        return _servers[^1];
    }

    /// <summary>The URL of the pool's tables, in place of that of the server.</summary>
    public Func<string, string>? UrlOf { get; set; }

    public TimeSpan Lease { get; set; } = TimeSpan.FromMinutes(1);

    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(10);

    public string ObjectDirectory => _objects;

    public PoolOptions Options()
    {
        _isUsed = true;
        return new()
        {
            Registry = UrlOf?.Invoke(_schema) ?? Server.UrlOf(_schema, Port),
            Blocks = Wrap(ObjectStore.Folder(_objects)),
            OnStep = OnStep,
            Lease = Lease,
            Patience = Patience,
        };
    }

    public Task<object?> SqlAsync(string sql) => Server.RunAsync(_schema, sql);

    public async Task<long> CountAsync(string sql) => Convert.ToInt64(await SqlAsync(sql));

    /// <summary>The number of objects in a state.</summary>
    public Task<long> ObjectsAsync(char state) => CountAsync($"select count(*) from object where state = '{state}'");

    public async Task<Pool> CreateAsync()
    {
        Pool pool = await Pool.CreateAsync(Options());
        _open.Add(pool);
        return pool;
    }

    public async Task<Pool> OpenAsync()
    {
        Pool pool = await Pool.OpenAsync(Options());
        _open.Add(pool);
        return pool;
    }

    public CidStore NewStore(TimeProvider? clock = null)
    {
        var folder = new TemporaryStore();
        CidStore store = clock is null ? Store.Stores.Open(folder) : CidStore.Open(folder.Directory, new CidStoreOptions
        {
            Capacity = 32 << 20,
            SegmentSize = 1 << 20,
            TimeProvider = clock,
        });
        _stores.Add(folder);
        _stores.Add(store);
        return store;
    }

    public async Task<(PoolMember Member, CidStore Store)> JoinAsync(Pool pool, TimeProvider? clock = null)
    {
        CidStore store = NewStore(clock);
        PoolMember member = await pool.JoinAsync(store);
        _open.Add(member);
        return (member, store);
    }

    /// <summary>A batch of one column.</summary>
    public static RecordBatch Batch(params long[] values) => new RecordBatch.Builder()
        .Append("v", nullable: false, column => column.Int64(to => to.AppendRange(values))).Build();

    /// <summary>A collection that does not wait.</summary>
    public static PoolCollectOptions AtOnce(bool keepsDead = false) => new()
    {
        OlderThan = TimeSpan.Zero,
        KeepDead = keepsDead ? TimeSpan.FromDays(1) : TimeSpan.Zero,
    };

    /// <summary>Asserts that the pool is whole, and that nothing is left after a collection.</summary>
    public static async Task AssertCleanAsync(Pool pool, string context = "")
    {
        PoolVerifyResult result = await pool.VerifyAsync(new PoolVerifyOptions { Repair = true });
        Assert.True(result.IsClean, $"{context}: missing {string.Join(' ', result.Missing)}; damaged " +
            $"{string.Join(' ', result.Damaged)}; {string.Join('\n', result.Differences)}");
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_open.OfType<PoolMember>().Select(member => member.DisposeAsync().AsTask()));
        foreach (IAsyncDisposable each in _open.Where(each => each is not PoolMember)) await each.DisposeAsync();
        foreach (IDisposable each in Enumerable.Reverse(_stores)) each.Dispose();
        Directory.Delete(_objects, recursive: true);
        foreach (PostgresServer server in _servers) server.Dispose();
        if (_isUsed && _servers.Count == 0) _ = await SqlAsync($"drop schema if exists {_schema} cascade");
    }
}
