using ArrowCid.Memory;

namespace ArrowCid.Columnar;

/// <summary>A stream of batches of another library. One thread at a time.</summary>
internal sealed class ImportedStream : IDisposable
{
    private readonly ForeignStream _stream;

    internal ImportedStream(ForeignStream stream)
    {
        _stream = stream;
        try
        {
            Schema? schema = null;
            int errno = stream.ReadSchema(view => schema = CSchemaReader.Schema(view));
            Schema = schema ?? throw Failed(errno);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>The schema of every batch.</summary>
    public Schema Schema { get; }

    /// <summary>Asks the producer for the next batch.</summary>
    /// <returns>The batch, to be disposed of, which may be after the stream; null at the end.</returns>
    /// <exception cref="ArrowCidException">The producer failed (with its words), or what it gave is
    /// invalid.</exception>
    /// <exception cref="ObjectDisposedException">The stream was disposed of.</exception>
    public ImportedBatch? Read()
    {
        ForeignArray? array = _stream.Next(out int errno);
        if (errno != 0) throw Failed(errno);
        return array is null ? null : new ImportedBatch(array, Schema);
    }

    /// <summary>Calls the producer's release. Again: nothing.</summary>
    public void Dispose() => _stream.Dispose();

    private ArrowCidException Failed(int errno)
    {
        ErrorCode code = errno switch
        {
            Errno.Invalid => ErrorCode.InvalidData,
            Errno.NoMemory => ErrorCode.TooLarge,
            Errno.NotSupported or Errno.NotImplemented => ErrorCode.Unsupported,
            _ => ErrorCode.Io,
        };
        return new ArrowCidException(code,
            $"the producer's stream failed: {_stream.LastError() ?? Errno.Text(errno)} (error {errno})");
    }
}
