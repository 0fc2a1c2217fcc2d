using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Server.Pinning;

/// <summary>The requests to pin of a server, and the queue that fetches them.</summary>
internal sealed class PinService : IDisposable
{
    private const int IdBytes = 16;

    private readonly PinTable _table;
    private readonly PinQueue _queue;
    private readonly PinningOptions _options;

    /// <summary>Continues what earlier processes left.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: the store keeps no names, or is open
    /// for reading only; others: a source cannot be opened.</exception>
    public PinService(CidStore store, PinningOptions options, TimeProvider time, ILogger log,
        CancellationToken stopping)
    {
        if (store.IsReadOnly)
            throw new ArrowCidException(ErrorCode.Unsupported, "a store that is only read cannot take pin requests");
        if (store.Blocks.IsRing)
        {
            throw new ArrowCidException(ErrorCode.Unsupported,
                "a ring evicts blocks whatever pins them, so that it cannot take pin requests");
        }

        PinSources.Check(store, options);
        _options = options;
        _table = new PinTable(store);
        _queue = new PinQueue(store, _table, options, time, log, stopping);
        _queue.Resume();
    }

    /// <inheritdoc cref="PinTable.List"/>
    public IReadOnlyList<PinRequest> List() => _table.List();

    /// <inheritdoc cref="PinTable.Find"/>
    public PinRequest? Find(string id) => _table.Find(id);

    /// <summary>Adds a request.</summary>
    /// <param name="request">The request; its id and time are chosen here.</param>
    /// <param name="replaced">The request that is removed in the same step; null for none.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.ResourceExhausted"/>: there are too many.</exception>
    public PinRequest Add(PinRequest request, PinRequest? replaced = null)
    {
        string id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes));
        // The one that is replaced counts no more.
        int most = _options.MaxRequests + (replaced is null ? 0 : 1);
        PinRequest added = _table.Add(created => request with
        {
            Id = id,
            Created = created,
            Replaced = replaced is { State: PinState.Pinned } ? replaced.Root : default,
        }, most);
        if (replaced is not null) _ = Remove(replaced.Id);
        _queue.Start(added);
        return added;
    }

    /// <inheritdoc cref="PinTable.Remove"/>
    public bool Remove(string id)
    {
        _queue.Stop(id);
        return _table.Remove(id);
    }

    public void Dispose() => _queue.Dispose();
}
