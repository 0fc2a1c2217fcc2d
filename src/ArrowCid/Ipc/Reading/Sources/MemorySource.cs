namespace ArrowCid.Ipc;

internal sealed class MemorySource(ReadOnlyMemory<byte> bytes) : SeekableSource
{
    public long Remaining => bytes.Length - Position;

    public override long Length => bytes.Length;

    public override void MoveTo(long position) => Position = position;

    public override int Read(Span<byte> target)
    {
        int count = (int)Math.Min(Remaining, target.Length);
        bytes.Span.Slice((int)Position, count).CopyTo(target);
        Position += count;
        return count;
    }

    public override ReadOnlyMemory<byte> ReadBody(int count)
    {
        ReadOnlyMemory<byte> body = bytes.Slice((int)Position, (int)Math.Min(Remaining, count));
        Position += body.Length;
        return body;
    }

    public override void Dispose()
    {
    }
}
