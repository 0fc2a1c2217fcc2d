namespace ArrowCid.Parquet;

/// <summary>The bytes of a file, in any order: in memory, or in a stream that seeks.</summary>
internal sealed class ByteOrigin(ReadOnlyMemory<byte> memory, Stream? stream) : IDisposable
{
    public long Length { get; } = stream is null ? memory.Length : LengthOf(stream);

    /// <summary>Some bytes; the caller has held them against <see cref="Length"/>. They stay as long as the memory, or
    /// are the caller's own.</summary>
    public ReadOnlyMemory<byte> Read(long offset, int count)
    {
        if (stream is null) return memory.Slice((int)offset, count);
        try
        {
            byte[] bytes = GC.AllocateUninitializedArray<byte>(count);
            stream.Position = offset;
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (EndOfStreamException e)
        {
            throw new ParquetFault("the file became shorter while it was read", inner: e);
        }
        catch (IOException e)
        {
            throw new ArrowCidException(IoFault.CodeOf(e), $"the file cannot be read: {e.Message}", e);
        }
    }

    public void Dispose() => stream?.Dispose();

    private static long LengthOf(Stream stream)
    {
        if (!stream.CanSeek) throw new ArgumentException("A Parquet file is read from its end: seek.", nameof(stream));
        return stream.Length;
    }
}
