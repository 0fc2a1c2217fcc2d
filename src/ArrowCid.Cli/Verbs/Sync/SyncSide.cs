using ArrowCid.Client;
using ArrowCid.Sync;

namespace ArrowCid.Cli.Verbs;

/// <summary>A side of a sync on the command line: a store's directory, a server, a Unix socket, or a backup.</summary>
internal sealed class SyncSide : IDisposable
{
    private const string Unix = "unix:";

    private readonly BackupFiles? _backup;
    private readonly SyncPeer? _peer;

    private SyncSide(CidStore? store, SyncPeer? peer, BackupFiles? backup) =>
        (Store, _peer, _backup) = (store, peer, backup);

    /// <summary>The store; null where the side is no store on this machine.</summary>
    public CidStore? Store { get; }

    /// <summary>Whether it is only read.</summary>
    public bool IsBackup => _backup is not null;

    /// <summary>Whether a text is a side that is no directory of a store.</summary>
    public static bool IsRemote(string text) => ServerSync.Matches(Full(text)) || IsBackupPath(text);

    /// <summary>Opens a side.</summary>
    /// <param name="text">The directory, URL or file.</param>
    public static SyncSide Open(string text)
    {
        string location = Full(text);
        if (ServerSync.Matches(location)) return new SyncSide(null, ServerSync.Open(location), null);
        if (!IsBackupPath(text)) return new SyncSide(StoreWriting.Open(text), null, null);
        var files = BackupFiles.Find(text);
        try
        {
            return new SyncSide(null, SyncPeer.Of(files.Read(prove: false), text), files);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>The side as the other one of a sync.</summary>
    public SyncPeer AsPeer() => _peer ?? Store!.Transfer.AsSyncPeer();

    public void Dispose()
    {
        _peer?.Dispose();
        Store?.Dispose();
        _backup?.Dispose();
    }

    /// <summary>Whether a text names files of a backup, or another file.</summary>
    public static bool IsBackupPath(string text)
    {
        if (StoreTransfer.Exists(text)) return false;
        return File.Exists(text) || (Directory.Exists(text) && BackupFiles.Find(text).Files.Length > 0);
    }

    private static string Full(string text) => text.StartsWith(Unix, StringComparison.Ordinal)
        ? $"http+unix://{Path.GetFullPath(text[Unix.Length..])}"
        : text;
}
