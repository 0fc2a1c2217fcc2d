namespace ArrowCid.Server.Http;

/// <summary>A made file while a request reads it. Several requests may read one file at the same time.</summary>
internal sealed class MadeFileLease(MadeFiles files, MadeFile file, FileStream made) : IDisposable
{
    private bool _isDisposed;

    /// <summary>The number of bytes of the file.</summary>
    public long Length { get; } = made.Length;

    /// <summary>Reads bytes at an offset.</summary>
    /// <returns>The number of bytes read; 0 at the end.</returns>
    public ValueTask<int> ReadAsync(Memory<byte> target, long offset, CancellationToken cancellationToken) =>
        RandomAccess.ReadAsync(made.SafeFileHandle, target, offset, cancellationToken);

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        files.Release(file);
    }
}
