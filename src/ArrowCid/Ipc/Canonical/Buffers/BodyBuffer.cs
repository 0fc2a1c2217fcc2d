namespace ArrowCid.Ipc;

/// <summary>One buffer of a message's body: its exact length is known before its bytes are made.</summary>
internal abstract class BodyBuffer(long length)
{
    public static BodyBuffer Empty { get; } = new ReadyBuffer([], 0);

    public long Length { get; } = length;

    /// <summary>Puts exactly <see cref="Length"/> bytes.</summary>
    public abstract void Write(ref BlockSink sink);
}
