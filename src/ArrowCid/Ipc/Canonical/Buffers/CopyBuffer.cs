namespace ArrowCid.Ipc;

/// <summary>Source bytes that are canonical as they lie.</summary>
internal sealed class CopyBuffer(ReadOnlyMemory<byte> source) : BodyBuffer(source.Length)
{
    public override void Write(ref BlockSink sink) => sink.Put(source.Span);
}
