namespace ArrowCid.Postgres;

/// <summary>The result of a push to a pool. Every block is in the object store, and any member finds it.</summary>
public sealed record PoolPut
{
    /// <summary>The blocks that were needed, pushed before or now.</summary>
    public required int Blocks { get; init; }

    /// <summary>The blocks that the pool did not have.</summary>
    public required int NewBlocks { get; init; }

    /// <summary>The bytes that were written to the object store.</summary>
    public required long ByteLength { get; init; }

    /// <summary>The point in the pool's log; another member that waits for it
    /// (<see cref="PoolMember.WaitForAsync"/>) sees this push.</summary>
    public required PoolToken Token { get; init; }
}
