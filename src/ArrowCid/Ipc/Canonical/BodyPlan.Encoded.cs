using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

internal sealed partial class BodyPlan
{
    private void AddDictionary(CanonicalField field, ArrowArray array, Rows rows, byte[]? shown)
    {
        CanonicalField valueField = field.DictionaryValues!;
        var values = array.Dictionary ?? ArrayJoin.Empty(valueField.Type);
        bool isOrdered = ((DictionaryType)field.Type).IsOrdered;
        SharedDictionary? whole = isOrdered ? null : shared?.Of(field, values);
        DistinctEntries distinct = whole?.Entries ?? new DistinctEntries(valueField, values, scratch);
        EntryPlaces places = EntryPlaces.For(values.Length, rows.Count, scratch);
        bool hasNulls = !Slots.HasNoNulls(values);
        if (isOrdered) places = PlaceAll(values, distinct, hasNulls, valueField.Path);
        byte[]? valid = Validity(field, array, rows, shown);
        int bytes = checked(rows.Count * field.Width);
        byte[] indices = scratch.Bytes(bytes);
        ReadOnlySpan<byte> source = array.Buffers[1].Span;
        var walk = new SlotWalk(rows, valid);
        byte[]? stillValid = valid;
        while (walk.Next())
        {
            if (walk.Source < 0) continue;
            int entry = Slots.Index(array, source, walk.Source, values.Length);
            if (entry < 0) throw Fault($"an index is outside its dictionary of {values.Length}", field, walk.Slot);
            if (!places.TryGet(entry, out int place))
            {
                bool isNull = hasNulls && values.IsLogicallyNull(entry, valueField.Path);
                place = isNull ? EntryPlaces.Null : distinct.Place(entry);
                whole?.RequireIndex(place);
                places.Set(entry, place);
            }

            if (place >= 0)
            {
                Slots.PutIndex(indices, field.Width, walk.Slot, place);
                continue;
            }

            if (!field.IsNullable) throw VisibleNull(field, walk.Slot);
            if (ReferenceEquals(stillValid, valid)) stillValid = CopyOf(valid, rows.Count);
            Bits.Clear(stillValid, walk.Slot);
        }

        AddNode(rows.Count, stillValid);
        Buffers.Add(new ReadyBuffer(indices, bytes));
        if (whole is not null && (whole.IsPlanned || shared!.IsPrescan)) return;
        var body = new BodyPlan(scratch, dictionaries, shared);
        body.Add(valueField, whole?.Join() ?? values, distinct.Kept, null);
        if (whole is not null) whole.IsPlanned = true;
        dictionaries.Add(new DictionaryPlan(field.DictionaryId, distinct.Count, body, field.Path));
    }

    /// <summary>
    /// An ordered dictionary keeps every entry that is not null, in its order, equal ones merged into the first.
    /// </summary>
    private EntryPlaces PlaceAll(ArrowArray values, DistinctEntries distinct, bool hasNulls, FieldPath? path)
    {
        EntryPlaces places = EntryPlaces.For(values.Length, int.MaxValue, scratch);
        for (int entry = 0; entry < values.Length; entry++)
        {
            bool isNull = hasNulls && values.IsLogicallyNull(entry, path);
            places.Set(entry, isNull ? EntryPlaces.Null : distinct.Place(entry));
        }

        return places;
    }

    private byte[] CopyOf(byte[]? valid, int count)
    {
        byte[] copy = scratch.Bytes(Bits.ByteCount(count));
        if (valid is null) Bits.Fill(copy, 0, count);
        else valid.AsSpan(0, Bits.ByteCount(count)).CopyTo(copy);
        return copy;
    }

    /// <summary>
    /// Runs are computed again from this column's slot 0: as long as possible, a hidden slot's value hidden.
    /// </summary>
    private void AddRuns(CanonicalField field, ArrowArray array, Rows rows, byte[]? shown)
    {
        RequireRisingRuns(field, array);
        var merge = new RunEndMerge(field, array.Children[1], scratch);
        for (int i = 0, slot = 0; i < rows.RunCount && slot < rows.Count; slot += rows[i++].Length)
        {
            Run from = rows[i];
            if (from.Start < 0) merge.Add(-1, from.Length);
            else AddRunsOf(array, from, slot, shown, merge, field);
        }

        Nodes.Add((rows.Count, 0));
        int width = field.Children[0].Width;
        if (width == 2 && rows.Count > short.MaxValue)
            throw Fault($"{rows.Count} slots are more than int16 run ends can count", field, -1);
        Nodes.Add((merge.Count, 0));
        Buffers.Add(BodyBuffer.Empty);
        Buffers.Add(merge.Ends(width));
        Add(field.Children[1], array.Children[1], merge.Values, merge.Shown);
    }

    private static void AddRunsOf(
        ArrowArray array, Run from, int slot, byte[]? shown, RunEndMerge merge, CanonicalField field)
    {
        ArrowArray ends = array.Children[0];
        int run = Slots.Run(array, from.Start);
        for (int done = 0; done < from.Length; run++)
        {
            if (run < 0 || run >= ends.Length)
                throw Fault("the last run ends before the column does", field, slot + done);
            long left = Slots.RunEnd(ends, run) - array.Offset - from.Start - done;
            int length = (int)Math.Min(left, from.Length - done);
            bool? isNull = field.IsNullable ? false : null;
            for (int at = 0; at < length;)
            {
                int same = shown is null ? length - at : Bits.RunLength(shown, slot + done + at, length - at);
                bool isShown = shown is null || Bits.Get(shown, slot + done + at);
                if (isShown && (isNull ??= array.Children[1].IsLogicallyNull(run, field.Path)))
                    throw VisibleNull(field, slot + done + at);
                merge.Add(isShown ? run : -1, same);
                at += same;
            }

            done += length;
        }
    }

    private static void RequireRisingRuns(CanonicalField field, ArrowArray array)
    {
        ArrowArray ends = array.Children[0];
        if (ends.NullCount > 0) throw Fault("a run end is null", field, 0);
        long last = 0;
        for (int i = 0; i < ends.Length; i++)
        {
            long end = Slots.RunEnd(ends, i);
            if (end <= last) throw Fault($"run ends do not rise: {end} after {last}", field, i);
            last = end;
        }
    }
}
