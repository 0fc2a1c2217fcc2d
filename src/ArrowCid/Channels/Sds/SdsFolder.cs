using System.Security.Cryptography;
using System.Text;
using ArrowCid.Memory;

namespace ArrowCid.Channels.Sds;

/// <summary>Keeps the state of SDS channels in a directory: a file per channel, flushed to the disk with each change.
/// One participant uses a directory at a time.</summary>
public sealed class SdsFolder : ISdsStorage, IDisposable
{
    private const string Extension = ".sds", LockFile = "lock";

    private readonly string _directory;
    private readonly FileStream _lock;
    private readonly Dictionary<string, FileStream> _files = [];

    /// <summary>Opens a directory.</summary>
    /// <param name="directory">The directory, which is created where there is none.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another process uses it;
    /// <see cref="ErrorCode.Io"/>: it cannot be used.</exception>
    public SdsFolder(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        _directory = Path.GetFullPath(directory);
        try
        {
            Directory.CreateDirectory(_directory);
            _lock = new FileStream(Path.Combine(_directory, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite,
                FileShare.None);
        }
        catch (IOException e) when (File.Exists(Path.Combine(_directory, LockFile)))
        {
            throw new ArrowCidException(ErrorCode.Busy, $"{_directory} is in use", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(e);
        }
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Load(string channelId)
    {
        try
        {
            string path = PathOf(channelId);
            return File.Exists(path) ? File.ReadAllBytes(path) : default(ReadOnlyMemory<byte>);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(e);
        }
    }

    /// <inheritdoc/>
    public void Append(string channelId, ReadOnlySpan<byte> bytes)
    {
        try
        {
            FileStream file = FileOf(channelId);
            long end = file.Length;
            try
            {
                file.Position = end;
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }
            catch (IOException)
            {
                file.SetLength(end);
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(e);
        }
    }

    /// <inheritdoc/>
    public void Replace(string channelId, ReadOnlySpan<byte> bytes)
    {
        try
        {
            Close(channelId);
            string path = PathOf(channelId), temporary = path + ".tmp";
            using (var file = new FileStream(temporary, FileMode.Create))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
            SyncNames();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(e);
        }
    }

    /// <inheritdoc/>
    public void Delete(string channelId)
    {
        try
        {
            Close(channelId);
            File.Delete(PathOf(channelId));
            SyncNames();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(e);
        }
    }

    /// <summary>Closes the files.</summary>
    public void Dispose()
    {
        foreach (FileStream file in _files.Values) file.Dispose();
        _files.Clear();
        _lock.Dispose();
    }

    private FileStream FileOf(string channelId)
    {
        if (_files.TryGetValue(channelId, out FileStream? file)) return file;
        string path = PathOf(channelId);
        bool isNew = !File.Exists(path);
        file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0);
        _files.Add(channelId, file);
        if (isNew) SyncNames();
        return file;
    }

    private void Close(string channelId)
    {
        if (_files.Remove(channelId, out FileStream? file)) file.Dispose();
    }

    private void SyncNames()
    {
        if (FileDescriptor.SyncDirectory(_directory) is not 0 and int errno)
        {
            throw new IOException($"the directory cannot be flushed: {Errno.Text(errno)}");
        }
    }

    // Ids may hold any character.
    private string PathOf(string channelId) => Path.Combine(_directory,
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(channelId))) + Extension);

    private ArrowCidException Failed(Exception e) => new(IoFault.CodeOf(e), $"{_directory}: {e.Message}", e);
}
