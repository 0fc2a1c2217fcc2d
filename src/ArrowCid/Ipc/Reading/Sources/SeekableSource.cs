namespace ArrowCid.Ipc;

/// <summary>A source that can be read anywhere: what a file's table of contents, which is at its end, needs.</summary>
internal abstract class SeekableSource : ByteSource
{
    /// <summary>The bytes of all.</summary>
    public abstract long Length { get; }

    /// <summary>Goes on reading at another place.</summary>
    public abstract void MoveTo(long position);
}
