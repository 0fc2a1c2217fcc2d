using System.Numerics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// Files of the store's directory that are made of its log and may be lost: each is whole under its name, or not there.
/// A writer holds their lock: one thread of one handle at a time. They do not count for the store's capacity.
/// </summary>
internal sealed class DerivedFiles(ControlFile control)
{
    private readonly Lock _gate = new();
    private bool _isLocked;

    /// <summary>What the names of all of them begin with.</summary>
    public const string Prefix = "reg";

    /// <summary>Deletes them all, for a process that has the store locked exclusively.</summary>
    public static void RemoveAll(ControlFile control)
    {
        foreach (string path in Directory.EnumerateFiles(control.Directory, Prefix + "*"))
            _ = control.DirectoryFile.Unlink(Path.GetFileName(path));
    }

    /// <summary>Takes the lock if it is free.</summary>
    public bool TryLock()
    {
        lock (_gate)
        {
            if (_isLocked || !control.IsWritable) return false;
            return _isLocked = control.TryLock(StoreLayout.DerivedLock, exclusive: true);
        }
    }

    public void Unlock()
    {
        lock (_gate)
        {
            if (!_isLocked) return;
            control.Unlock(StoreLayout.DerivedLock);
            _isLocked = false;
        }
    }

    /// <summary>Maps a file.</summary>
    /// <returns>Null where it is not there or has no bytes.</returns>
    /// <exception cref="ArrowCidException">It cannot be opened.</exception>
    public Mapping? TryMap(string name)
    {
        using FileDescriptor? file = control.DirectoryFile.TryOpenFile(name, writable: false, out int errno);
        if (errno == Errno.NotFound) return null;
        StorageErrors.Check(errno, "cannot open", control.PathOf(name));
        StorageErrors.Check(file!.Stat(out FileStatus status), "cannot stat", control.PathOf(name));
        if (status.Size == 0) return null;
        Mapping? map = Mapping.TryMap(file, status.Size, writable: false, out errno);
        StorageErrors.Check(errno, "cannot map", control.PathOf(name));
        return map;
    }

    /// <summary>Says which file a name leads to: another one, another number; 0 where there is none.</summary>
    public ulong IdentityOf(string name) => control.DirectoryFile.StatFile(name, out FileStatus status) == 0
        ? Math.Max(1, status.Inode ^ BitOperations.RotateLeft(status.BirthNanoseconds, 20))
        : 0;

    /// <summary>Writes a file whole: under another name, flushed where the store is on a disk, then named.</summary>
    /// <param name="name">The name; a file of that name is replaced.</param>
    /// <param name="write">Writes into an empty file.</param>
    /// <param name="written">Passed once it is whole, before it has its name.</param>
    /// <param name="named">Passed once it has.</param>
    /// <exception cref="ArrowCidException">There is no space, or the file cannot be written.</exception>
    public void Write(string name, Action<Stream> write, CrashStep written, CrashStep named)
    {
        string temporary = name + StoreLayout.TemporaryMark + "derived";
        _ = control.DirectoryFile.Unlink(temporary);
        using FileDescriptor? made = control.DirectoryFile.TryCreateFile(temporary, out int errno);
        StorageErrors.Check(errno, "cannot create", control.PathOf(temporary));
        try
        {
            using (var file = new FileStream(control.PathOf(temporary), FileMode.Open, FileAccess.ReadWrite,
                FileShare.ReadWrite, bufferSize: 0))
            {
                if (control.IsOnDisk)
                {
                    write(file);
                    file.Flush(flushToDisk: true);
                }
                else
                {
                    using var output = new LargePageStream(file, made!);
                    write(output);
                }
            }

            CrashPoint.Pass(written);
            string path = control.PathOf(name);
            StorageErrors.Check(control.DirectoryFile.Rename(temporary, name), "cannot name", path);
            CrashPoint.Pass(named);
            control.FlushNames();
        }
        catch (IOException e)
        {
            throw new ArrowCidException(ErrorCode.StoreFull, $"cannot write {control.PathOf(temporary)}: {e.Message}",
                e);
        }
        finally
        {
            _ = control.DirectoryFile.Unlink(temporary);
        }
    }

    /// <summary>Whether a process is writing such a file.</summary>
    public bool IsBeingMade(string name)
    {
        if (!name.StartsWith(Prefix, StringComparison.Ordinal)) return false;
        lock (_gate) return _isLocked || control.IsLockedElsewhere(StoreLayout.DerivedLock);
    }

    /// <summary>Deletes the unfinished files of a dead writer, if no process is writing now.</summary>
    public void SweepTemporary()
    {
        if (!TryLock()) return;
        try
        {
            foreach (string name in Names(Prefix).Where(
                name => name.Contains(StoreLayout.TemporaryMark, StringComparison.Ordinal)).ToList())
                Remove(name);
        }
        finally
        {
            Unlock();
        }
    }

    public void Remove(string name) => _ = control.DirectoryFile.Unlink(name);

    /// <summary>The names of files that begin so.</summary>
    public IEnumerable<string> Names(string prefix) =>
        Directory.EnumerateFiles(control.Directory, prefix + "*").Select(path => Path.GetFileName(path)!);
}
