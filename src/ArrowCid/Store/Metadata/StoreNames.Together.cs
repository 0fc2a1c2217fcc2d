using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Names of blocks and datasets: set, resolved, listed, with their history.</summary>
public sealed partial class StoreNames
{
    /// <summary>Gives a name together with what <paramref name="commit"/> stores.</summary>
    internal void SetWith(string name, Cid cid, NameExpectation expected, Action<IFactSource> commit) =>
        _ = _store.Registry.Names.Set(name, cid, expected, commit);
}
