namespace ArrowCid.Ipc;

/// <summary>Bytes that were made while planning.</summary>
internal sealed class ReadyBuffer(byte[] bytes, int length) : BodyBuffer(length)
{
    public override void Write(ref BlockSink sink) => sink.Put(bytes.AsSpan(0, (int)Length));
}
