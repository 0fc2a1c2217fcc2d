using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>
/// A slot's value as bytes, so that two slots of one array have the same bytes exactly when their canonical
/// one-element encodings are equal, the contents of nested dictionaries included (canonical-block.md, section 3).
/// Shorter than those encodings: values replace dictionary indices and runs, and a length precedes every variable part.
/// </summary>
internal sealed class ValueKey(Scratch scratch)
{
    private const byte Absent = 0, Present = 1;

    private byte[] _bytes = [];
    private int _length;

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>Makes the key of a slot; a hidden one, or one below 0, is a null without a value.</summary>
    public void Set(CanonicalField field, ArrowArray array, int slot, bool isHidden)
    {
        _length = 0;
        Append(field, array, slot, isHidden || slot < 0);
        scratch.ChargeKey(_length, field.Path);
    }

    private void Append(CanonicalField field, ArrowArray array, int slot, bool isHidden)
    {
        switch (field.Layout)
        {
            case BufferLayout.Null:
                return;
            case BufferLayout.RunEnds:
                int run = isHidden ? 0 : Slots.Run(array, slot);
                if (run < 0)
                    throw new InvalidArrowException("the last run ends before the column does", field.Path, slot);
                Append(field.Children[1], array.Children[1], run, isHidden);
                return;
            case BufferLayout.SparseUnion or BufferLayout.DenseUnion:
                AppendUnion(field, array, slot, isHidden);
                return;
        }

        if (isHidden || array.IsNull(slot)
            || (field.Layout == BufferLayout.Dictionary && array.IsLogicallyNull(slot, field.Path)))
        {
            Put(Absent);
            return;
        }

        Put(Present);
        AppendValue(field, array, slot);
    }

    private void AppendValue(CanonicalField field, ArrowArray array, int slot)
    {
        int at = array.Offset + slot;
        switch (field.Layout)
        {
            case BufferLayout.Bits:
                Put(Bits.Get(array.Buffers[1].Span, at) ? (byte)1 : (byte)0);
                break;
            case BufferLayout.Fixed:
                Span<byte> value = Reserve(field.Width);
                array.Buffers[1].Span.Slice(at * field.Width, field.Width).CopyTo(value);
                if (field.Type.IsFloat()) FloatBits.QuietNaNs(value, field.Width);
                break;
            case BufferLayout.Bytes32 or BufferLayout.Bytes64:
                (int from, int count) = Extent(field, array, slot, array.Buffers[2].Length);
                PutCount(count);
                array.Buffers[2].Span.Slice(from, count).CopyTo(Reserve(count));
                break;
            case BufferLayout.ByteViews:
                ReadOnlySpan<byte> view = ByteView.At(array.Buffers[1].Span, at);
                if (ByteView.FindWhole(array, view, out ReadOnlySpan<byte> bytes) is { } flaw)
                    throw new InvalidArrowException(flaw, field.Path, slot);
                PutCount(bytes.Length);
                bytes.CopyTo(Reserve(bytes.Length));
                break;
            case BufferLayout.Dictionary:
                int index = Slots.Index(array, array.Buffers[1].Span, slot, array.Dictionary!.Length);
                Append(field.DictionaryValues!, array.Dictionary, index, false);
                break;
            case BufferLayout.Struct:
                for (int i = 0; i < field.Children.Length; i++) Append(field.Children[i], array.Children[i], at, false);
                break;
            case BufferLayout.FixedSizeList:
                int size = ((FixedSizeListType)array.Type).ListSize;
                AppendItems(field, array, at * size, size);
                break;
            default:
                (int first, int items) = Extent(field, array, slot, array.Children[0].Length);
                PutCount(items);
                AppendItems(field, array, first, items);
                break;
        }
    }

    private void AppendItems(CanonicalField field, ArrowArray array, int first, int count)
    {
        CanonicalField item = field.Children[0];
        if (HasEmptyKeys(item) || count == 0) return;
        if (item.Layout == BufferLayout.Fixed)
        {
            AppendFixedItems(item, array.Children[0], first, count);
            return;
        }

        for (int i = 0; i < count; i++) Append(item, array.Children[0], first + i, false);
    }

    /// <summary>Which items are there, then their values: as one by one, in another order and faster.</summary>
    private void AppendFixedItems(CanonicalField item, ArrowArray items, int first, int count)
    {
        Span<byte> present = Reserve(count);
        present.Fill(Present);
        long bytes = (long)count * item.Width;
        if (bytes > BlockFormat.MaxBlockBytes) throw TooLarge();
        Span<byte> values = Reserve((int)bytes);
        items.Buffers[1].Span.Slice((items.Offset + first) * item.Width, values.Length).CopyTo(values);
        if (item.Type.IsFloat()) FloatBits.QuietNaNs(values, item.Width);
        ReadOnlySpan<byte> bits = items.Validity;
        if (bits.IsEmpty) return;
        present = _bytes.AsSpan(_length - values.Length - count, count);
        for (int i = 0; i < count; i++)
        {
            if (Bits.Get(bits, items.Offset + first + i)) continue;
            present[i] = Absent;
            values.Slice(i * item.Width, item.Width).Clear();
        }
    }

    private void AppendUnion(CanonicalField field, ArrowArray array, int slot, bool isHidden)
    {
        ReadOnlySpan<sbyte> codes = ((UnionType)array.Type).TypeCodes;
        if (codes.IsEmpty) return;
        int at = array.Offset + slot;
        sbyte code = isHidden ? codes[0] : (sbyte)array.Buffers[0].Span[at];
        int child = codes.IndexOf(code);
        if (child < 0)
        {
            throw new InvalidArrowException(
                $"a union's type code {code} is not one of its children's", field.Path, slot);
        }

        Put((byte)code);
        ArrowArray chosen = array.Children[child];
        int inside = at;
        if (!isHidden && field.Layout == BufferLayout.DenseUnion)
        {
            inside = MemoryMarshal.Cast<byte, int>(array.Buffers[1].Span)[at];
            if (inside < 0 || inside >= chosen.Length)
                throw new InvalidArrowException($"a union's offset {inside} is outside its child", field.Path, slot);
        }

        Append(field.Children[child], chosen, inside, isHidden);
    }

    private static bool HasEmptyKeys(CanonicalField field) => field.Layout switch
    {
        BufferLayout.Null => true,
        BufferLayout.RunEnds => HasEmptyKeys(field.Children[1]),
        BufferLayout.SparseUnion or BufferLayout.DenseUnion => field.Children.Length == 0,
        _ => false,
    };

    private static (int From, int Count) Extent(CanonicalField field, ArrowArray array, int slot, int limit)
    {
        (long from, long count) = array.ExtentAt(slot);
        if (count == 0) return (0, 0);
        if (from < 0 || count < 0 || from > limit - count)
        {
            throw new InvalidArrowException(
                $"an offset points outside what the column holds ({limit})", field.Path, slot);
        }

        return ((int)from, (int)count);
    }

    private static InvalidArrowException TooLarge() =>
        new("one value is over 2^31 - 1024 bytes", code: ErrorCode.TooLarge);

    private void Put(byte value) => Reserve(1)[0] = value;

    private void PutCount(int count) => BinaryPrimitives.WriteInt32LittleEndian(Reserve(4), count);

    private Span<byte> Reserve(int count)
    {
        if (_bytes.Length - _length < count)
        {
            long wanted = Math.Max((long)_length + count, Math.Min(2L * _bytes.Length, Array.MaxLength));
            if (wanted > BlockFormat.MaxBlockBytes)
                throw TooLarge();
            scratch.Charge(wanted - _bytes.Length);
            Array.Resize(ref _bytes, (int)Math.Max(wanted, 64));
        }

        Span<byte> span = _bytes.AsSpan(_length, count);
        _length += count;
        return span;
    }
}
