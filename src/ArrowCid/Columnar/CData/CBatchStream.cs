using ArrowCid.Memory;

namespace ArrowCid.Columnar;

/// <summary>Batches of one schema as an exported stream hands them out.</summary>
internal sealed class CBatchStream(Schema schema, IEnumerable<RecordBatch> batches) : ICStreamSource
{
    private readonly IEnumerator<RecordBatch> _batches = batches.GetEnumerator();

    public CSchemaNode Schema() => CSchemaWriter.Of(schema);

    public void Next(nint target)
    {
        if (!_batches.MoveNext()) return;
        RecordBatch batch = _batches.Current;
        if (!ReferenceEquals(batch.Schema, schema) && !batch.Schema.Equals(schema))
        {
            throw new ArrowCidException(ErrorCode.SchemaMismatch,
                "a batch has another schema than the stream; batches of one schema can be streamed together");
        }

        CDataExport.Array(batch, target);
    }

    public int ErrorNumber(Exception error) => error switch
    {
        ArrowCidException { Code: ErrorCode.Unsupported } => Errno.NotSupported,
        ArrowCidException { Code: ErrorCode.TooLarge or ErrorCode.ResourceExhausted } or OutOfMemoryException =>
            Errno.NoMemory,
        ArrowCidException { Code: ErrorCode.Io } or IOException => Errno.Io,
        _ => Errno.Invalid,
    };

    public string ErrorText(Exception error) =>
        error is ArrowCidException e ? Remedy.Join(e.Message, e.Remedy) : error.Message;

    public void Dispose() => _batches.Dispose();
}
