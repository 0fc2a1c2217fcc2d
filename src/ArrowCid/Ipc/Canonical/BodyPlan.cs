using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>
/// What one record batch or dictionary message holds in canonical form: nodes, buffers and variadic counts in pre-order
/// (canonical-block.md, section 3). Planning judges every valid slot and knows every length; writing makes the bytes.
/// </summary>
/// <param name="scratch">Memory for what planning has to make.</param>
/// <param name="dictionaries">
/// Where dictionaries go as they are met, a nested one before the one it is nested in.
/// </param>
/// <param name="shared">The dictionaries of a file, which all of its batches share; null where each batch has its
/// own.</param>
internal sealed partial class BodyPlan(Scratch scratch, List<DictionaryPlan> dictionaries,
    SharedDictionaries? shared = null)
{
    public List<(long Length, long NullCount)> Nodes { get; } = [];

    public List<BodyBuffer> Buffers { get; } = [];

    public List<long> Variadic { get; } = [];

    /// <summary>Adds a column.</summary>
    /// <param name="field">The column's field.</param>
    /// <param name="array">Where its slots come from.</param>
    /// <param name="rows">Which of them, all within the array.</param>
    /// <param name="shown">
    /// A bit a slot: not hidden by an ancestor; null where none is hidden. Never written to.
    /// </param>
    public void Add(CanonicalField field, ArrowArray array, Rows rows, byte[]? shown)
    {
        switch (field.Layout)
        {
            case BufferLayout.Null:
                if (!field.IsNullable && (shown is null ? rows.Count > 0 : Bits.Count(shown, 0, rows.Count) > 0))
                    throw Fault("a column of nulls is declared not nullable", field, 0);
                Nodes.Add((rows.Count, rows.Count));
                return;
            case BufferLayout.SparseUnion or BufferLayout.DenseUnion:
                AddUnion(field, array, rows, shown);
                return;
            case BufferLayout.RunEnds:
                AddRuns(field, array, rows, shown);
                return;
            case BufferLayout.Dictionary:
                AddDictionary(field, array, rows, shown);
                return;
            default:
                byte[]? valid = Validity(field, array, rows, shown);
                AddNode(rows.Count, valid);
                AddSlots(field, array, rows, valid);
                return;
        }
    }

    private void AddSlots(CanonicalField field, ArrowArray array, Rows rows, byte[]? valid)
    {
        switch (field.Layout)
        {
            case BufferLayout.Bits:
                Buffers.Add(BitValues(array, rows, valid));
                break;
            case BufferLayout.Fixed:
                Buffers.Add(FixedValues(field, array, rows, valid));
                break;
            case BufferLayout.Bytes32:
                AddBytes<int>(field, array, rows, valid);
                break;
            case BufferLayout.Bytes64:
                AddBytes<long>(field, array, rows, valid);
                break;
            case BufferLayout.ByteViews:
                AddViews(field, array, rows, valid);
                break;
            case BufferLayout.List32:
                AddList<int>(field, array, rows, valid);
                break;
            case BufferLayout.List64:
                AddList<long>(field, array, rows, valid);
                break;
            case BufferLayout.ListView32:
                AddListView<int>(field, array, rows, valid);
                break;
            case BufferLayout.ListView64:
                AddListView<long>(field, array, rows, valid);
                break;
            case BufferLayout.FixedSizeList:
                AddFixedSizeList(field, array, rows, valid);
                break;
            case BufferLayout.Struct:
                Rows inside = Shift(rows, array.Offset);
                for (int i = 0; i < field.Children.Length; i++)
                    Add(field.Children[i], array.Children[i], inside, valid);
                break;
            default:
                throw new ArrowCidException(ErrorCode.Internal, $"No canonical layout for {field.Type}");
        }
    }

    /// <summary>
    /// The slots' validity, or null where all are valid; a visible null in a field that has none is refused.
    /// </summary>
    private byte[]? Validity(CanonicalField field, ArrowArray array, Rows rows, byte[]? shown)
    {
        RequireHonestNullCount(field, array);
        ReadOnlySpan<byte> own = array.Validity;
        if (own.IsEmpty) return shown;
        int count = rows.Count, bytes = Bits.ByteCount(count);
        byte[] valid = scratch.Bytes(bytes);
        for (int i = 0, to = 0; i < rows.RunCount && to < count; to += rows[i++].Length)
        {
            if (rows[i].Start >= 0) Bits.Copy(own, array.Offset + rows[i].Start, valid, to, rows[i].Length);
        }

        if (!field.IsNullable) RequireNoVisibleNull(field, valid, shown, count);
        if (shown is not null)
        {
            for (int i = 0; i < bytes; i++) valid[i] &= shown[i];
        }

        return Bits.Count(valid, 0, count) == count ? null : valid;
    }

    private static void RequireHonestNullCount(CanonicalField field, ArrowArray array)
    {
        int claimed = array.ClaimedNullCount;
        if (claimed < 0) return;
        ReadOnlySpan<byte> bits = array.Validity;
        int found = bits.IsEmpty ? 0 : array.Length - Bits.Count(bits, array.Offset, array.Length);
        if (found != claimed)
        {
            throw new InvalidArrowException(
                $"a null count of {claimed} disagrees with its bitmap, which has {found}", field.Path);
        }
    }

    private static void RequireNoVisibleNull(CanonicalField field, byte[] valid, byte[]? shown, int count)
    {
        if (shown is null && Bits.Count(valid, 0, count) == count) return;
        for (int i = 0; i < count; i++)
        {
            if (!Bits.Get(valid, i) && (shown is null || Bits.Get(shown, i))) throw VisibleNull(field, i);
        }
    }

    private static InvalidArrowException VisibleNull(CanonicalField field, int row) =>
        Fault("a null stands in a field that is not nullable", field, row);

    private void AddNode(int count, byte[]? valid)
    {
        int nulls = valid is null ? 0 : count - Bits.Count(valid, 0, count);
        Nodes.Add((count, nulls));
        Buffers.Add(nulls == 0 ? BodyBuffer.Empty : new ReadyBuffer(valid!, Bits.ByteCount(count)));
    }

    private ReadyBuffer BitValues(ArrowArray array, Rows rows, byte[]? valid)
    {
        int bytes = Bits.ByteCount(rows.Count);
        byte[] values = scratch.Bytes(bytes);
        for (int i = 0, to = 0; i < rows.RunCount && to < rows.Count; to += rows[i++].Length)
        {
            if (rows[i].Start >= 0)
                Bits.Copy(array.Buffers[1].Span, array.Offset + rows[i].Start, values, to, rows[i].Length);
        }

        if (valid is not null)
        {
            for (int i = 0; i < bytes; i++) values[i] &= valid[i];
        }

        return new ReadyBuffer(values, bytes);
    }

    private static BodyBuffer FixedValues(CanonicalField field, ArrowArray array, Rows rows, byte[]? valid)
    {
        int width = field.Width;
        if (rows.Count == 0 || width == 0) return BodyBuffer.Empty;
        ReadOnlyMemory<byte> values = array.Buffers[1];
        bool isFloat = field.Type.IsFloat();
        if ((long)rows.Count * width > int.MaxValue) throw TooLarge(field);
        if (valid is null && rows.IsRange && !isFloat)
            return new CopyBuffer(values.Slice((array.Offset + rows.Start) * width, rows.Count * width));
        return new FixedBuffer(values, array.Offset, width, rows, valid, isFloat);
    }

    private void AddBytes<T>(CanonicalField field, ArrowArray array, Rows rows, byte[]? valid)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        ReadOnlyMemory<byte> data = array.Buffers[2];
        Rows bytes = AddExtents<T>(field, array, rows, valid, data.Length);
        if (bytes.Count == 0)
        {
            Buffers.Add(BodyBuffer.Empty);
            return;
        }

        if (!field.Type.IsText())
        {
            Buffers.Add(bytes.IsRange
                ? new CopyBuffer(data.Slice(bytes.Start, bytes.Count))
                : new FixedBuffer(data, 0, 1, bytes, null, isFloat: false));
        }
        else if (bytes.IsRange)
        {
            Buffers.Add(new TextBuffer(
                data.Slice(bytes.Start, bytes.Count), () => RequireText<T>(field, array, rows, valid)));
        }
        else
        {
            if (!IsAscii(data.Span, bytes)) RequireText<T>(field, array, rows, valid);
            Buffers.Add(new FixedBuffer(data, 0, 1, bytes, null, isFloat: false));
        }
    }

    private static bool IsAscii(ReadOnlySpan<byte> data, Rows bytes)
    {
        int first = data.Length, end = 0;
        for (int i = 0; i < bytes.RunCount; i++)
        {
            first = Math.Min(first, bytes[i].Start);
            end = Math.Max(end, bytes[i].Start + bytes[i].Length);
        }

        if (end - first < 2L * bytes.Count && Ascii.IsValid(data[first..end])) return true;
        for (int i = 0; i < bytes.RunCount; i++)
        {
            if (!Ascii.IsValid(data.Slice(bytes[i].Start, bytes[i].Length))) return false;
        }

        return true;
    }

    private static void RequireText<T>(CanonicalField field, ArrowArray array, Rows rows, byte[]? valid)
        where T : unmanaged, IBinaryInteger<T>
    {
        ReadOnlySpan<T> offsets = MemoryMarshal.Cast<byte, T>(array.Buffers[1].Span);
        ReadOnlySpan<byte> data = array.Buffers[2].Span;
        var walk = new SlotWalk(rows, valid);
        while (walk.Next())
        {
            if (walk.Source < 0) continue;
            int at = array.Offset + walk.Source;
            int from = int.CreateTruncating(offsets[at]), to = int.CreateTruncating(offsets[at + 1]);
            if (from != to && !TextRule.IsValid(data[from..to])) throw Fault(TextRule.Rule, field, walk.Slot);
        }
    }

    private void AddViews(CanonicalField field, ArrowArray array, Rows rows, byte[]? valid)
    {
        ReadOnlySpan<byte> views = array.Buffers[1].Span;
        bool isText = field.Type.IsText();
        long total = 0;
        var walk = new SlotWalk(rows, valid);
        while (walk.Next())
        {
            if (walk.Source < 0) continue;
            ReadOnlySpan<byte> view = ByteView.At(views, array.Offset + walk.Source);
            if (ByteView.FindWhole(array, view, out ReadOnlySpan<byte> value) is { } flaw)
                throw Fault(flaw, field, walk.Slot);
            if (isText && !TextRule.IsValid(value)) throw Fault(TextRule.Rule, field, walk.Slot);
            if (value.Length > ByteView.MaxInline) total += value.Length;
        }

        if (total > int.MaxValue) throw TooLarge(field);
        Buffers.Add(new ViewsBuffer(array, rows, valid));
        Variadic.Add(total > 0 ? 1 : 0);
        if (total > 0) Buffers.Add(new ViewDataBuffer(array, rows, valid, total));
    }

    private static InvalidArrowException Fault(string rule, CanonicalField field, long row) =>
        new(rule, field.Path, row);

    private static InvalidArrowException TooLarge(CanonicalField field) =>
        new("a buffer would be over 2^31 - 1 bytes; split the batch", field.Path, code: ErrorCode.TooLarge);
}
