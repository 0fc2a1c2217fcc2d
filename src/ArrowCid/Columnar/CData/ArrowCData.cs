using ArrowCid.Memory;

namespace ArrowCid.Columnar;

/// <summary>
/// The Arrow C Data Interface: batches handed to other libraries of this process, and taken from them, without a copy.
/// Structs are given as addresses; the caller allocates them (<see cref="SchemaSize"/> and so on) and says by the call
/// that they are what they should be.
/// </summary>
/// <remarks>
/// <para>Export: the struct belongs to the caller, who calls its <c>release</c> once, or hands it on. Until then it
/// keeps the memory under it by itself: a store's batch stays mapped also after its lease and the store were disposed
/// of. Release may come from any thread, also for children that were moved out; through a copy of a struct that was
/// released already it does nothing. Nothing is written where an export throws.</para>
/// <para>Import takes the struct over, also where it throws: its <c>release</c> is NULL afterwards, as after a move,
/// and the producer's release is called when the import is disposed of. <see cref="Borrow"/> takes nothing
/// over.</para>
/// <para>A foreign struct is checked as far as possible: counts, NULLs, formats, texts, nesting, and offsets where they
/// are used. The interface does not allow checks that non-NULL pointers are valid, that buffers are as long as lengths,
/// last offsets and the sizes of views' buffers require, that texts end, and that the memory does not change meanwhile.
/// A producer that breaks these rules crashes the process.</para>
/// </remarks>
internal static class ArrowCData
{
    /// <summary>The bytes of a struct ArrowSchema.</summary>
    public static int SchemaSize => CDataSizes.Schema;

    /// <summary>The bytes of a struct ArrowArray.</summary>
    public static int ArraySize => CDataSizes.Array;

    /// <summary>The bytes of a struct ArrowDeviceArray.</summary>
    public static int DeviceArraySize => CDataSizes.DeviceArray;

    /// <summary>The bytes of a struct ArrowArrayStream.</summary>
    public static int StreamSize => CDataSizes.Stream;

    /// <summary>Exports a batch as a struct array.</summary>
    /// <param name="batch">The batch; its memory is kept until the struct is released.</param>
    /// <param name="schema">The address of a struct ArrowSchema to be written, or 0 for none.</param>
    /// <param name="array">The address of a struct ArrowArray to be written.</param>
    /// <exception cref="ObjectDisposedException">The lease or import that the batch is of was disposed
    /// of.</exception>
    /// <exception cref="InvalidArrowException">A name or time zone has a NUL in it.</exception>
    public static void Export(RecordBatch batch, nint schema, nint array)
    {
        ArgumentNullException.ThrowIfNull(batch);
        CheckAddress(array, nameof(array));
        CSchemaNode? described = schema == 0 ? null : CSchemaWriter.Of(batch.Schema);
        CDataExport.Array(batch, array);
        if (described is not null) CDataExport.Schema(described, schema);
    }

    /// <summary>Exports an array with its field.</summary>
    /// <param name="field">The field, of the array's type.</param>
    /// <param name="values">The array; its memory is kept until the struct is released.</param>
    /// <param name="schema">The address of a struct ArrowSchema to be written, or 0 for none.</param>
    /// <param name="array">The address of a struct ArrowArray to be written.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: the array is of another
    /// type.</exception>
    /// <exception cref="ObjectDisposedException">The lease or import that the array is of was disposed
    /// of.</exception>
    /// <exception cref="InvalidArrowException">A name or time zone has a NUL in it.</exception>
    public static void Export(Field field, ArrowArray values, nint schema, nint array)
    {
        ArgumentNullException.ThrowIfNull(field);
        ArgumentNullException.ThrowIfNull(values);
        CheckAddress(array, nameof(array));
        if (!values.Type.Equals(field.Type))
            throw new ArrowCidException(ErrorCode.SchemaMismatch, $"The array is {values.Type}, the field {field}");
        CSchemaNode? described = schema == 0 ? null : CSchemaWriter.Of(field);
        CDataExport.Array(values, array);
        if (described is not null) CDataExport.Schema(described, schema);
    }

    /// <summary>Exports a schema as that of a struct array.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="target">The address of a struct ArrowSchema to be written.</param>
    /// <exception cref="InvalidArrowException">A name or time zone has a NUL in it.</exception>
    public static void ExportSchema(Schema schema, nint target)
    {
        ArgumentNullException.ThrowIfNull(schema);
        CheckAddress(target, nameof(target));
        CDataExport.Schema(CSchemaWriter.Of(schema), target);
    }

    /// <summary>As <see cref="Export(RecordBatch, nint, nint)"/>, for the C Device Interface: the memory is the CPU's,
    /// and nothing has to be waited for.</summary>
    /// <param name="batch">The batch; its memory is kept until the struct is released.</param>
    /// <param name="schema">The address of a struct ArrowSchema to be written, or 0 for none.</param>
    /// <param name="deviceArray">The address of a struct ArrowDeviceArray to be written.</param>
    /// <exception cref="ObjectDisposedException">The lease or import that the batch is of was disposed
    /// of.</exception>
    /// <exception cref="InvalidArrowException">A name or time zone has a NUL in it.</exception>
    public static void ExportDevice(RecordBatch batch, nint schema, nint deviceArray)
    {
        ArgumentNullException.ThrowIfNull(batch);
        CheckAddress(deviceArray, nameof(deviceArray));
        CSchemaNode? described = schema == 0 ? null : CSchemaWriter.Of(batch.Schema);
        CDataExport.DeviceArray(batch, deviceArray);
        if (described is not null) CDataExport.Schema(described, schema);
    }

    /// <summary>Exports a run of batches as a stream. Each is taken from <paramref name="batches"/> when the consumer
    /// asks for it, on its thread, and may be disposed of when the next is asked for: what was handed out keeps its
    /// memory. What is thrown becomes the stream's error, and ends it.</summary>
    /// <param name="schema">The schema of every batch.</param>
    /// <param name="batches">The batches; enumerated once at most.</param>
    /// <param name="stream">The address of a struct ArrowArrayStream to be written.</param>
    public static void ExportStream(Schema schema, IEnumerable<RecordBatch> batches, nint stream)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(batches);
        CheckAddress(stream, nameof(stream));
        CStreamExport.Stream(new CBatchStream(schema, batches), stream);
    }

    /// <summary>Reads a batch's schema, and releases the struct.</summary>
    /// <param name="schema">The address of a struct ArrowSchema of a struct type.</param>
    /// <returns>The schema, a copy.</returns>
    /// <exception cref="InvalidArrowException">The struct breaks a rule of the interface.</exception>
    public static Schema ImportSchema(nint schema) => Described(schema, CSchemaReader.Schema);

    /// <summary>Reads a field, and releases the struct.</summary>
    /// <param name="schema">The address of a struct ArrowSchema.</param>
    /// <returns>The field, a copy.</returns>
    /// <exception cref="InvalidArrowException">The struct breaks a rule of the interface.</exception>
    public static Field ImportField(nint schema) => Described(schema, CSchemaReader.Field);

    /// <summary>Takes a batch over.</summary>
    /// <param name="schema">The address of a struct ArrowSchema of a struct type; it is released.</param>
    /// <param name="array">The address of its struct ArrowArray; it is taken over.</param>
    /// <returns>The batch over the producer's memory, to be disposed of.</returns>
    /// <exception cref="InvalidArrowException">A struct breaks a rule of the interface.</exception>
    public static ImportedBatch ImportBatch(nint schema, nint array)
    {
        ForeignArray memory = Take(array);
        try
        {
            return new ImportedBatch(memory, ImportSchema(schema));
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>Takes a batch of a known schema over.</summary>
    /// <param name="schema">The batch's schema.</param>
    /// <param name="array">The address of a struct ArrowArray; it is taken over.</param>
    /// <returns>The batch over the producer's memory, to be disposed of.</returns>
    /// <exception cref="InvalidArrowException">The struct breaks a rule of the interface, or does not fit the
    /// schema.</exception>
    public static ImportedBatch ImportBatch(Schema schema, nint array)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return new ImportedBatch(Take(array), schema);
    }

    /// <summary>Takes a batch of the C Device Interface over, whose memory the CPU can read.</summary>
    /// <param name="schema">The address of a struct ArrowSchema of a struct type; it is released.</param>
    /// <param name="deviceArray">The address of its struct ArrowDeviceArray; the array in it is taken over.</param>
    /// <returns>The batch over the producer's memory, to be disposed of.</returns>
    /// <exception cref="InvalidArrowException">A struct breaks a rule of the interface;
    /// <see cref="ErrorCode.Unsupported"/>: memory of another device, or a sync event.</exception>
    public static ImportedBatch ImportDeviceBatch(nint schema, nint deviceArray)
    {
        CheckAddress(deviceArray, nameof(deviceArray));
        bool isCpu = CDataCalls.IsCpu(deviceArray, out int type, out bool mustWait);
        if (isCpu) return ImportBatch(schema, deviceArray);
        CDataCalls.ReleaseArray(deviceArray);
        _ = ImportSchema(schema);
        throw new InvalidArrowException(
            mustWait ? "a sync event is not known to the CPU" : $"memory of a device of type {type} is not readable",
            code: ErrorCode.Unsupported);
    }

    /// <summary>Takes an array over.</summary>
    /// <param name="schema">The address of a struct ArrowSchema; it is released.</param>
    /// <param name="array">The address of its struct ArrowArray; it is taken over.</param>
    /// <returns>The array over the producer's memory, to be disposed of.</returns>
    /// <exception cref="InvalidArrowException">A struct breaks a rule of the interface.</exception>
    public static ImportedArray ImportArray(nint schema, nint array)
    {
        ForeignArray memory = Take(array);
        try
        {
            return new ImportedArray(memory, ImportField(schema));
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>Takes an array of a known field over.</summary>
    /// <param name="field">The field.</param>
    /// <param name="array">The address of a struct ArrowArray; it is taken over.</param>
    /// <returns>The array over the producer's memory, to be disposed of.</returns>
    /// <exception cref="InvalidArrowException">The struct breaks a rule of the interface, or does not fit the
    /// field.</exception>
    public static ImportedArray ImportArray(Field field, nint array)
    {
        ArgumentNullException.ThrowIfNull(field);
        return new ImportedArray(Take(array), field);
    }

    /// <summary>Takes a stream of batches over.</summary>
    /// <param name="stream">The address of a struct ArrowArrayStream.</param>
    /// <returns>The stream, to be disposed of.</returns>
    /// <exception cref="ArrowCidException">The producer failed, or its schema is invalid.</exception>
    public static ImportedStream ImportStream(nint stream)
    {
        CheckAddress(stream, nameof(stream));
        if (CDataCalls.IsStreamReleased(stream))
            throw new InvalidArrowException("the struct ArrowArrayStream was released or moved");
        return new ImportedStream(new ForeignStream(stream));
    }

    /// <summary>Reads a batch for the time of a call, and takes nothing over: <c>ArrowCData.Borrow(schema, array,
    /// store.Put)</c>.</summary>
    /// <typeparam name="T">What is made of it.</typeparam>
    /// <param name="schema">The address of a struct ArrowSchema of a struct type; it stays the caller's.</param>
    /// <param name="array">The address of its struct ArrowArray; it stays the caller's.</param>
    /// <param name="read">Reads the batch; access to it afterwards throws <see cref="ObjectDisposedException"/>, and it
    /// cannot be exported.</param>
    /// <returns>What <paramref name="read"/> made.</returns>
    /// <exception cref="InvalidArrowException">A struct breaks a rule of the interface.</exception>
    public static T Borrow<T>(nint schema, nint array, Func<RecordBatch, T> read)
    {
        CheckAddress(schema, nameof(schema));
        CheckAddress(array, nameof(array));
        ArgumentNullException.ThrowIfNull(read);
        using ForeignArray memory = ForeignArray.Borrow(array);
        return read(CArrayReader.Batch(memory.View, CSchemaReader.Schema(new CSchemaView(schema)), memory));
    }

    /// <summary>Calls a struct ArrowSchema's release, unless it was released.</summary>
    /// <param name="schema">Its address.</param>
    public static void ReleaseSchema(nint schema)
    {
        CheckAddress(schema, nameof(schema));
        CDataCalls.ReleaseSchema(schema);
    }

    /// <summary>Calls the release of a struct ArrowArray, or of the one in an ArrowDeviceArray, unless it was
    /// released.</summary>
    /// <param name="array">Its address.</param>
    public static void ReleaseArray(nint array)
    {
        CheckAddress(array, nameof(array));
        CDataCalls.ReleaseArray(array);
    }

    /// <summary>Calls a struct ArrowArrayStream's release, unless it was released.</summary>
    /// <param name="stream">Its address.</param>
    public static void ReleaseStream(nint stream)
    {
        CheckAddress(stream, nameof(stream));
        CDataCalls.ReleaseStream(stream);
    }

    private static T Described<T>(nint schema, Func<CSchemaView, T> read)
    {
        CheckAddress(schema, nameof(schema));
        try
        {
            return read(new CSchemaView(schema));
        }
        finally
        {
            CDataCalls.ReleaseSchema(schema);
        }
    }

    private static ForeignArray Take(nint array)
    {
        CheckAddress(array, nameof(array));
        return new CArrayView(array).IsReleased
            ? throw new InvalidArrowException("the struct ArrowArray was released or moved")
            : ForeignArray.Take(array);
    }

    private static void CheckAddress(nint address, string name)
    {
        if (address == 0) throw new ArgumentException("The address is 0.", name);
    }
}
