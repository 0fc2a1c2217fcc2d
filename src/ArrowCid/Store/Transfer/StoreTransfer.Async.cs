using ArrowCid.Transfer;
using ArrowCid.Transfer.Backup;

namespace ArrowCid;

/// <summary>What may take long, on a thread of the pool.</summary>
public sealed partial class StoreTransfer
{
    /// <summary>Does what <see cref="ExportCar"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="ExportCar"/>
    public Task<CarExport> ExportCarAsync(IReadOnlyList<Cid> cids, Stream output, CarExportOptions? options = null,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => ExportCar(cids, output, options, progress, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="ImportCar"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="ImportCar"/>
    public Task<CarImport> ImportCarAsync(Stream car, CarImportOptions? options = null,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => ImportCar(car, options, progress, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="Backup"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Backup"/>
    public Task<BackupResult> BackupAsync(Stream output, StoreBackup? earlier = null,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Backup(output, earlier, progress, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="Restore"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Restore"/>
    public Task<RestoreResult> RestoreAsync(StoreBackup backup, bool dryRun = false,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Restore(backup, dryRun, progress, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="CopyTo"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="CopyTo"/>
    public Task<RestoreResult> CopyToAsync(CidStore? target, bool dryRun = false,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => CopyTo(target, dryRun, progress, cancellationToken), cancellationToken);
}
