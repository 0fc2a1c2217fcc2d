using System.Text.Json;
using ArrowCid.Registry;
using ArrowCid.Signing;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Postgres;

/// <summary>
/// Stores of many machines that share names, metadata and blocks: a PostgreSQL database holds what must be agreed on,
/// an object store holds the bytes, and each member's store is its cache. Safe for concurrent use.
/// </summary>
/// <example>
/// <code>
/// await using Pool pool = await Pool.OpenAsync(new PoolOptions
/// {
///     Registry = "postgres://db.example.org/market",
///     Blocks = S3Blocks.OpenObjects("s3://market/blocks"),
/// });
/// await using PoolMember member = await pool.JoinAsync(store);
/// </code>
/// </example>
public sealed partial class Pool : IAsyncDisposable
{
    private const string IdentityKey = "pool.json";

    private readonly SignerReader _signers;

    private Pool(PoolDatabase database, PoolOptions options, Guid id)
    {
        (Database, Options, Id) = (database, options, id);
        _signers = new SignerReader(ReadStatement);
    }

    /// <summary>The id of the pool.</summary>
    public Guid Id { get; }

    /// <summary>Where its database is, without secrets.</summary>
    public string Name => Database.Address.Name;

    internal PoolDatabase Database { get; }

    internal PoolOptions Options { get; }

    internal ObjectStore Objects => Options.Blocks;

    /// <summary>Creates the tables of a pool in a database, or upgrades them, and marks the object store as the
    /// pool's. A pool that is there stays as it is.</summary>
    /// <param name="options">Where it is.</param>
    /// <param name="cancellationToken">Cancels the call; a second call completes it.</param>
    /// <returns>The pool.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.PoolUnavailable"/>: the database does not answer;
    /// <see cref="ErrorCode.AccessDenied"/>; <see cref="ErrorCode.NameExists"/>: the object store belongs to another
    /// pool; <see cref="ErrorCode.FormatVersion"/>: the pool is of a later version.</exception>
    public static Task<Pool> CreateAsync(PoolOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return MakeAsync(options, Guid.CreateVersion7(), cancellationToken);
    }

    private static async Task<Pool> MakeAsync(PoolOptions options, Guid newId, CancellationToken cancellationToken)
    {
        var database = new PoolDatabase(PoolAddress.Parse(options.Registry), options.Patience);
        try
        {
            await PoolSchema.MigrateAsync(database, cancellationToken);
            // Objects of another pool are not taken: a database without a pool stays one.
            string? owner = await ReadOwnerAsync(options.Blocks, cancellationToken);
            if (owner is null || owner == newId.ToString())
            {
                _ = await database.TransactAsync((connection, token) => PoolRows.ExecuteAsync(connection, """
                    insert into pool (id, blocks) select $1, $2 where not exists (select from pool)
                    """, [newId, options.Blocks.Name], token), cancellationToken);
            }

            bool isThere = await database.RunAsync(async (connection, token) => (await PoolRows.QueryAsync(connection,
                "select exists (select from pool)", [], row => row.GetBoolean(0), token))[0], cancellationToken);
            if (!isThere)
            {
                throw new ArrowCidException(ErrorCode.NameExists, $"{options.Blocks.Name} is the object store of the " +
                    $"pool {owner}, which {database.Address.Name} does not have; restore it from the stores of its " +
                    "members, or take another");
            }

            Guid id = await ReadIdAsync(database, options, cancellationToken);
            _ = await options.Blocks.WriteAsync(IdentityKey,
                JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["pool"] = id.ToString() }),
                cancellationToken);
            return await OpenAsync(database, options, cancellationToken);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens a pool.</summary>
    /// <param name="options">Where it is.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The pool, to be disposed of.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.NameNotFound"/>: there is none; others as for
    /// <see cref="CreateAsync"/>.</exception>
    public static async Task<Pool> OpenAsync(PoolOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var database = new PoolDatabase(PoolAddress.Parse(options.Registry), options.Patience);
        try
        {
            await PoolSchema.RequireAsync(database, cancellationToken);
            return await OpenAsync(database, options, cancellationToken);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>Joins the pool with a store. The store must stay open until the member is disposed of.</summary>
    /// <param name="store">A store that keeps its blocks, open for writing.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The member, to be disposed of.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: the store is a ring;
    /// <see cref="ErrorCode.PoolUnavailable"/>.</exception>
    public Task<PoolMember> JoinAsync(CidStore store, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return PoolMember.BeginAsync(this, store, cancellationToken);
    }

    /// <summary>Finds the block of a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The block; null where there is no such name.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.PoolUnavailable"/>.</exception>
    public async Task<Cid?> ResolveAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        return (await NameSwap.ReadAsync(Database, name, cancellationToken))?.Target;
    }

    /// <summary>Finds blocks by what is known of them, over all members.</summary>
    /// <param name="options">The filter, order and page; null: everything. Blocks that were collected are found with
    /// <see cref="QueryOptions.IncludeMissing"/>. For <c>signer</c> the signed statements are read from the object
    /// store and verified.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>A page.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: the place of the page is
    /// none; <see cref="ErrorCode.PoolUnavailable"/>.</exception>
    public Task<PoolPage> QueryAsync(QueryOptions? options = null, CancellationToken cancellationToken = default) =>
        new PoolQueries(Database, _signers).RunAsync(options ?? new QueryOptions(), cancellationToken);

    /// <summary>The blocks of the pool, to be read by any caller, without a store.</summary>
    /// <returns>The backend; disposing of it leaves the pool open.</returns>
    public BlockBackend AsBackend() => new PoolBackend(Database, Objects);

    /// <summary>The blocks of a pool as a place of a store (<see cref="CidStoreOptions.OpenPlace"/>), to be
    /// read.</summary>
    /// <param name="registry">As <see cref="PoolOptions.Registry"/>.</param>
    /// <param name="blocks">The object store, which is disposed of with the backend.</param>
    /// <returns>The backend. Nothing is sent until it is read.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: the URL breaks its
    /// form.</exception>
    public static BlockBackend OpenPlace(string registry, ObjectStore blocks)
    {
        ArgumentNullException.ThrowIfNull(registry);
        ArgumentNullException.ThrowIfNull(blocks);
        return new PoolBackend(new PoolDatabase(PoolAddress.Parse(registry), PoolOptions.DefaultPatience), blocks,
            isOwner: true);
    }

    /// <summary>Closes the connections, and the object store.</summary>
    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        Objects.Dispose();
    }

    internal Task PassAsync(PoolStep step) => Options.OnStep?.Invoke(step) ?? Task.CompletedTask;

    /// <summary>Runs a call; an object store that does not answer is a pool that does not.</summary>
    internal async Task<T> CallAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.Busy && e.Message.StartsWith(Objects.Name,
            StringComparison.Ordinal))
        {
            throw new ArrowCidException(ErrorCode.PoolUnavailable, e.Message, e);
        }
    }

    private byte[]? ReadStatement(Cid cid)
    {
        using BlockBackend backend = AsBackend();
        using BlockLease? block = backend.TryGet(cid);
        return block is null || block.Bytes.Length > Statement.MaxBytes ? null : block.Bytes.ToArray();
    }

    private static async Task<Pool> OpenAsync(PoolDatabase database, PoolOptions options, CancellationToken end)
    {
        Guid id = await ReadIdAsync(database, options, end);
        string? owner = await ReadOwnerAsync(options.Blocks, end);
        if (owner != id.ToString())
        {
            throw new ArrowCidException(ErrorCode.NameExists, owner is null
                ? $"{options.Blocks.Name} is not the object store of the pool {id}"
                : $"{options.Blocks.Name} is the object store of the pool {owner}, and not of {id}");
        }

        return new Pool(database, options, id);
    }

    /// <summary>The id of the pool that an object store belongs to; null for none.</summary>
    private static async Task<string?> ReadOwnerAsync(ObjectStore objects, CancellationToken end)
    {
        const int Most = 4096;
        long length = 0;
        await foreach ((string key, long bytes) in objects.ListAsync(IdentityKey, end))
            length = key == IdentityKey ? bytes : length;
        byte[] content = new byte[Math.Min(length, Most)];
        bool isMarked = length > 0 && await objects.ReadAsync(IdentityKey, 0, content, end);
        return isMarked ? OwnerOf(content) : null;
    }

    private static string? OwnerOf(byte[] content)
    {
        try
        {
            using var json = JsonDocument.Parse(content);
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("pool", out JsonElement id) ? id.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static async Task<Guid> ReadIdAsync(PoolDatabase database, PoolOptions options, CancellationToken end)
    {
        List<(Guid Id, string Blocks)> rows = await database.RunAsync((connection, token) => PoolRows.QueryAsync(
            connection, "select id, blocks from pool", [], row => (row.GetGuid(0), row.GetString(1)), token), end);
        if (rows.Count == 0)
            throw new ArrowCidException(ErrorCode.NameNotFound, $"there is no pool in {database.Address.Name}");
        return rows[0].Blocks == options.Blocks.Name
            ? rows[0].Id
            : throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"the pool keeps its blocks in {rows[0].Blocks}, not in {options.Blocks.Name}");
    }
}
