namespace ArrowCid.Transfer.Backends;

/// <summary>
/// Objects of bytes under keys, which are written once and never changed: a folder of a bucket, or a directory that
/// several machines share. A pool of stores keeps its blocks in one. Safe for concurrent use.
/// </summary>
/// <remarks>Keys are relative paths of letters, digits, <c>.</c>, <c>-</c> and <c>_</c>, separated by slashes. Every
/// method throws an <see cref="ArrowCidException"/> if the store does not answer: <see cref="ErrorCode.Busy"/>,
/// <see cref="ErrorCode.Io"/> or <see cref="ErrorCode.AccessDenied"/>.</remarks>
public abstract class ObjectStore : IDisposable
{
    /// <summary>Creates an object store.</summary>
    /// <param name="name">The location that messages show and that a pool records; it holds no secret.</param>
    protected ObjectStore(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
    }

    /// <summary>Where it is, for people.</summary>
    public string Name { get; }

    /// <summary>A directory that all machines of a pool share, such as a network file system.</summary>
    /// <param name="directory">The directory; it is created with the first object.</param>
    /// <returns>The objects in it.</returns>
    public static ObjectStore Folder(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return new FolderObjects(Path.GetFullPath(directory));
    }

    /// <summary>Writes an object. One that is there already stays.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="bytes">Its bytes, which are stored whole or not at all.</param>
    /// <param name="cancellationToken">Cancels the call; the object may have been written.</param>
    /// <returns>False if there was an object of this key.</returns>
    public abstract Task<bool> WriteAsync(string key, ReadOnlyMemory<byte> bytes,
        CancellationToken cancellationToken = default);

    /// <summary>Reads a range of an object.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="offset">The offset of the first byte.</param>
    /// <param name="target">Gets the bytes.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>False if there is no such object.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: the object is shorter.</exception>
    public abstract Task<bool> ReadAsync(string key, long offset, Memory<byte> target,
        CancellationToken cancellationToken = default);

    /// <summary>Deletes an object. Nothing happens where there is none.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="cancellationToken">Cancels the call; the object may have been deleted.</param>
    public abstract Task DeleteAsync(string key, CancellationToken cancellationToken = default);

    /// <summary>Lists the objects whose keys begin with a text, in no order.</summary>
    /// <param name="prefix">The text; empty for all objects.</param>
    /// <param name="cancellationToken">Cancels the enumeration.</param>
    /// <returns>The keys, and the number of bytes of each object.</returns>
    public abstract IAsyncEnumerable<(string Key, long ByteLength)> ListAsync(string prefix,
        CancellationToken cancellationToken = default);

    /// <summary>Releases what the object store holds.</summary>
    public void Dispose()
    {
        Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the object store holds. Called once or more.</summary>
    protected virtual void Close()
    {
    }
}
