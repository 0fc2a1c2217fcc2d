using System.Diagnostics;
using ArrowCid.Ipld;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Looking after a store (<c>Registry/MAINTENANCE.md</c>).</summary>
public sealed partial class CidStore
{
    private IDisposable? _maintenance;

    /// <summary>Ends the maintenance of this handle, a step at work included; the store stays open.</summary>
    internal void EndMaintenance() => _maintenance?.Dispose();

    /// <summary>The registry below.</summary>
    internal StoreRegistry Registry => _registry;

    private void BeginMaintenance(MaintenanceOptions options)
    {
        if (!_blocks.IsReadOnly && !_blocks.IsRing) _maintenance = options.Begin(this);
    }
}
