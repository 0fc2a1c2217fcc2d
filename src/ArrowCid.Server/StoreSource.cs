using ArrowCid.Server.Diagnostics;

namespace ArrowCid.Server;

/// <summary>The store that a host serves, from the moment it is open. For any number of threads.</summary>
/// <param name="find">Opens the store, or finds it in the services of the host; null where
/// <see cref="Open"/> gives it.</param>
internal sealed class StoreSource(Func<CidStore>? find = null)
{
    private volatile CidStore? _store;

    /// <summary>Opens the store, or finds it; null where another part of the program does.</summary>
    public Func<CidStore>? Find => find;

    /// <summary>Whether the store is open.</summary>
    public bool IsOpen => _store is not null;

    /// <summary>The store's directory; null before the store is open.</summary>
    public string? Directory => _store?.Directory;

    /// <summary>The store.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: it is not open yet.</exception>
    public CidStore Store => _store ?? throw new ArrowCidException(ErrorCode.Busy, StoreHealth.Opening);

    /// <summary>Returns the source of a store that is open.</summary>
    public static StoreSource Of(CidStore store)
    {
        var source = new StoreSource();
        source.Open(store);
        return source;
    }

    /// <summary>Begins to serve a store.</summary>
    public void Open(CidStore store) => _store = store;
}
