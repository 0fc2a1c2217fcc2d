namespace ArrowCid.Ipc;

/// <summary>A stream, with the bytes that were read ahead to tell what it is.</summary>
internal sealed class StreamSource(Stream stream, byte[] ahead, bool leaveOpen) : ByteSource
{
    private ReadOnlyMemory<byte> _ahead = ahead;

    public override int Read(Span<byte> target)
    {
        int first = Math.Min(_ahead.Length, target.Length);
        _ahead.Span[..first].CopyTo(target);
        _ahead = _ahead[first..];
        int count = first + ReadFrom(stream, target[first..]);
        Position += count;
        return count;
    }

    public override ReadOnlyMemory<byte> ReadBody(int count) => ReadGrowing(count);

    public override void Dispose()
    {
        if (!leaveOpen) stream.Dispose();
    }

    public static int ReadFrom(Stream stream, Span<byte> target)
    {
        try
        {
            return stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
        }
        catch (IOException e)
        {
            throw new ArrowCidException(IoFault.CodeOf(e), $"The Arrow stream could not be read: {e.Message}", e);
        }
    }
}
