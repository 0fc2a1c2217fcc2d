namespace ArrowCid.Server.Http;

/// <summary>A file of <see cref="MadeFiles"/>, whose lock guards the fields.</summary>
/// <param name="tag">The ETag.</param>
/// <param name="make">Writes the bytes.</param>
internal sealed class MadeFile(string tag, Action<Stream> make)
{
    /// <summary>The ETag.</summary>
    public string Tag { get; } = tag;

    /// <summary>Writes the bytes.</summary>
    public Action<Stream> Make { get; } = make;

    /// <summary>The file, once it is whole.</summary>
    public TaskCompletionSource<FileStream> Made { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The number of requests that read the file or wait for it, and of the threads that make it.</summary>
    public int Users { get; set; }

    /// <summary>When the last use ended, as a timestamp.</summary>
    public long LastUse { get; set; }

    /// <summary>The number of bytes that were written.</summary>
    public long Length { get; set; }
}
