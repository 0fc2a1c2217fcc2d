namespace ArrowCid.Parquet;

/// <summary>Writes forward and knows how much; the target need not seek.</summary>
internal sealed class CountingStream(Stream target)
{
    public long Position { get; private set; }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        try
        {
            target.Write(bytes);
        }
        catch (IOException e)
        {
            throw new ArrowCidException(IoFault.CodeOf(e), $"the Parquet file cannot be written: {e.Message}", e);
        }

        Position += bytes.Length;
    }

    public void Flush() => target.Flush();
}
