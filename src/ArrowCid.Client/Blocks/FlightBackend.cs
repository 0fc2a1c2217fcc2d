using ArrowCid.Transfer.Backends;

namespace ArrowCid.Client;

/// <summary>The blocks of a server, over Flight. It is not trusted: what comes is hashed.</summary>
internal sealed class FlightBackend(string name, CidClient client, bool hasToken) : BlockBackend(name)
{
    public override bool CanPut => hasToken;

    public override bool CanDelete => hasToken;

    public override bool CanList => hasToken;

    public override string? Test(CancellationToken cancellationToken = default)
    {
        _ = Wait(end => client.ContainsManyAsync([Cid.Sha256(Multicodec.Raw, [])], end), cancellationToken);
        return hasToken ? null : $"{Name} is only read, because no token is given";
    }

    protected override bool TryRead(Cid cid, out ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte>? read = Wait(end => client.TryGetBlockAsync(cid, end), cancellationToken);
        bytes = read ?? default;
        return read is not null;
    }

    protected override bool Has(Cid cid, CancellationToken cancellationToken) =>
        Wait(end => client.ContainsManyAsync([cid], end), cancellationToken)[0];

    protected override void HasMany(IReadOnlyList<Cid> cids, Span<bool> found, CancellationToken cancellationToken) =>
        Wait(end => client.ContainsManyAsync(cids, end), cancellationToken).CopyTo(found);

    protected override IEnumerable<Cid> ListBlocks(CancellationToken cancellationToken) =>
        client.ListBlocksAsync(cancellationToken).ToBlockingEnumerable(cancellationToken);

    protected override void Write(Cid cid, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        _ = Wait(async end =>
        {
            using var block = new BlockLease(cid, bytes, null);
            await client.PutBlockAsync(block, end).ConfigureAwait(false);
            return true;
        }, cancellationToken);

    protected override void Remove(Cid cid, CancellationToken cancellationToken) => _ = Wait(async end =>
    {
        await client.RemoveBlockAsync(cid, end).ConfigureAwait(false);
        return true;
    }, cancellationToken);

    protected override void Close() => client.Dispose();

    // A thread of the pool has no context that the answer would wait for.
    private static T Wait<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        Task.Run(() => call(cancellationToken), cancellationToken).GetAwaiter().GetResult();
}
