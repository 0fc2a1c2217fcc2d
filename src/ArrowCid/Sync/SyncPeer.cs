using ArrowCid.Transfer.Backup;

namespace ArrowCid.Sync;

/// <summary>The other side of a sync: a store in this process, a backup, or a server. For one sync at a
/// time.</summary>
public abstract class SyncPeer : IDisposable
{
    internal SyncPeer(string name) => Name = name;

    /// <summary>Where it is, for people; it holds no secret.</summary>
    public string Name { get; }

    /// <summary>Whether blocks can be pushed to it.</summary>
    internal virtual bool CanPut => true;

    /// <summary>A backup as the other side, which is only read.</summary>
    /// <param name="backup">The backup, whose streams stay open meanwhile.</param>
    /// <param name="name">Where it is, for people.</param>
    /// <returns>The other side; disposing of it leaves the backup open.</returns>
    public static SyncPeer Of(StoreBackup backup, string name)
    {
        ArgumentNullException.ThrowIfNull(backup);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new LocalPeer(name, new BackupEnd(backup), SyncRights.Read);
    }

    /// <summary>Sends requests, and gives the messages of their answers one after another; each answer ends with
    /// <see cref="SyncMessage.Done"/>.</summary>
    internal abstract IEnumerable<byte[]> Ask(IReadOnlyList<byte[]> requests, CancellationToken cancellationToken);

    /// <summary>Ends the session, if there is one.</summary>
    public abstract void Dispose();
}
