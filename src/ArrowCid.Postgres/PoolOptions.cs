using ArrowCid.Transfer.Backends;

namespace ArrowCid.Postgres;

/// <summary>Where a pool is, and how its members behave.</summary>
public sealed class PoolOptions
{
    /// <summary>The database: <c>postgres://USER@HOST:PORT,HOST2:PORT2/DATABASE?schema=NAME&amp;sslmode=MODE</c>. Of
    /// several hosts the one that accepts writes is used. Without <c>schema</c> the tables are in the schema
    /// <c>arrowcid</c>. The password comes from PGPASSWORD, PGPASSFILE or <c>~/.pgpass</c>, and is refused in the
    /// URL.</summary>
    public required string Registry { get; init; }

    /// <summary>The object store of the blocks, such as <c>S3Blocks.OpenObjects(url)</c>. It is disposed of with the
    /// pool.</summary>
    public required ObjectStore Blocks { get; init; }

    /// <summary>How long a call repeats a request that fails because the database does not answer, before it throws
    /// <see cref="ErrorCode.PoolUnavailable"/>.</summary>
    public TimeSpan Patience { get; init; } = DefaultPatience;

    /// <summary>How long a member counts as alive after its last sign of life, by the database's clock. What it holds
    /// is collected afterward, and its own writes are refused.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromMinutes(1);

    internal static TimeSpan DefaultPatience => TimeSpan.FromSeconds(10);

    /// <summary>Hears of each step of the protocol, for tests that stop there.</summary>
    internal Func<PoolStep, Task>? OnStep { get; init; }
}
