using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using ArrowCid.Memory;
using BufferLayout = ArrowCid.Columnar.BufferLayout;

namespace ArrowCid.Native;

/// <summary>Batches that are filled in place: see arrowcid.h for what each function promises.</summary>
// SAFETY: pointers are the caller's, as arrowcid.h says, and used during the call only; NULL is looked for. Those given
// out are of the store's mapping or of pinned arrays, which the reservation keeps until its end.
internal static unsafe class ReservationExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_reserve")]
    public static int Reserve(long store, CSchema* schema, long rows, long* dataBytes, long* reservation,
        ErrorOut* error)
    {
        try
        {
            CidStore opened = Argument.WritableStore(store);
            Argument.NotNull(schema, nameof(schema));
            Argument.NotNull(reservation, nameof(reservation));
            if (rows is < 0 or > int.MaxValue) throw NativeError.Invalid($"'rows' is {rows}, not 0 to 2^31 - 1");
            Schema read = CSchemaReader.Schema(new CSchemaView((nint)schema));
            BatchReservation made = opened.Reserve(read, (int)rows, TextBytes(read, dataBytes));
            try
            {
                *reservation = Handles.Open(new Reservation(made));
            }
            catch
            {
                made.Dispose();
                throw;
            }

            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_reserved_column")]
    public static int Column(long reservation, int column, ColumnMemory* target, ErrorOut* error)
    {
        try
        {
            Reservation opened = Handles.Get<Reservation>(reservation);
            Argument.NotNull(target, "out");
            using OneAtATime.Turn turn = opened.Take();
            *target = Memory(opened, Check(opened, column));
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_reserved_validity")]
    public static int Validity(long reservation, int column, byte** bits, long* length, ErrorOut* error)
    {
        try
        {
            Reservation opened = Handles.Get<Reservation>(reservation);
            Argument.NotNull(bits, nameof(bits));
            Argument.NotNull(length, nameof(length));
            using OneAtATime.Turn turn = opened.Take();
            *bits = Address(opened.Validity(Check(opened, column)), out *length);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_commit")]
    public static int Commit(long reservation, Block* target, ErrorOut* error)
    {
        try
        {
            BatchReservation batch = End(reservation);
            PutResult put = batch.Commit();
            if (target is not null) *target = Block.Of(in put);
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_abandon")]
    public static int Abandon(long reservation, ErrorOut* error)
    {
        try
        {
            End(reservation).Dispose();
            return NativeError.Ok;
        }
        catch (Exception e)
        {
            return NativeError.Report(e, error);
        }
    }

    /// <summary>Of a number a column those of the columns of text and binary.</summary>
    private static int[] TextBytes(Schema schema, long* dataBytes)
    {
        var sizes = new List<int>();
        for (int i = 0; i < schema.Fields.Count; i++)
        {
            long bytes = dataBytes is null ? 0 : dataBytes[i];
            bool isText = schema.Fields[i].Type.Layout() is BufferLayout.Bytes32 or BufferLayout.Bytes64;
            if (bytes is < 0 or > int.MaxValue || (!isText && bytes != 0))
            {
                throw NativeError.Invalid($"'data_bytes' of column {i}, {schema.Fields[i]}, is {bytes}; it is 0 to " +
                    "2^31 - 1 for text and binary, and 0 for others");
            }

            if (isText) sizes.Add((int)bytes);
        }

        return [.. sizes];
    }

    private static BatchReservation End(long reservation)
    {
        Reservation opened = Handles.Get<Reservation>(reservation);
        _ = opened.Take();
        // It stays taken, but is not used any more.
        _ = Handles.Close<Reservation>(reservation);
        return opened.Batch;
    }

    private static int Check(Reservation reservation, int column)
    {
        int columns = reservation.Batch.SchemaView.Fields.Count;
        return column >= 0 && column < columns
            ? column
            : throw NativeError.Invalid($"there is no column {column}, but {columns} from 0");
    }

    private static ColumnMemory Memory(Reservation reservation, int index)
    {
        ReservedColumn column = reservation.Batch[index];
        var memory = default(ColumnMemory);
        if (reservation.HasValidity(index))
            memory.Validity = Address(column.Validity, out memory.ValidityLength);
        switch (column.FieldView.Type.Layout())
        {
            case BufferLayout.Fixed: memory.Values = Address(column.ValueBytes, out memory.ValuesLength); break;
            case BufferLayout.Bits: memory.Values = Address(column.Bits, out memory.ValuesLength); break;
            case BufferLayout.Bytes32:
                memory.Offsets = Address(MemoryMarshal.AsBytes(column.Offsets), out memory.OffsetsLength);
                memory.Data = Address(column.Data, out memory.DataLength);
                break;
            case BufferLayout.Bytes64:
                memory.Offsets = Address(MemoryMarshal.AsBytes(column.LargeOffsets), out memory.OffsetsLength);
                memory.Data = Address(column.Data, out memory.DataLength);
                break;
        }

        return memory;
    }

    private static byte* Address(Span<byte> memory, out long length)
    {
        length = memory.Length;
        return (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(memory));
    }
}
