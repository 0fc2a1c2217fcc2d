using ArrowCid.Columnar;
using A = Apache.Arrow;

namespace ArrowCid.Ipc;

public sealed partial class ArrowReader
{
    /// <summary>The schema; a file's footer gives it. An extension type is its storage type; the field's metadata names
    /// it.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: Apache.Arrow cannot carry
    /// it.</exception>
    public A.Schema Schema => ToApacheType.Schema(SchemaView);

    /// <summary>Reads the next batch.</summary>
    /// <returns>The batch; null at the end. From memory it borrows that memory and is readable as long as it is; from a
    /// stream it has memory of its own.</returns>
    /// <exception cref="InvalidArrowException">The bytes break a rule of the format, or a slot points outside of its
    /// column.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: Apache.Arrow has no such type (a struct
    /// or union without fields, fixed_size_list(0), fixed_size_binary(0)) or cannot hold the metadata (a key given
    /// twice); <see cref="ErrorCode.Io"/>: the stream could not be read.</exception>
    /// <exception cref="ObjectDisposedException">The reader was disposed of.</exception>
    public A.RecordBatch? Read() => ReadView() is { } view ? ToApache.Batch(view) : null;
}
