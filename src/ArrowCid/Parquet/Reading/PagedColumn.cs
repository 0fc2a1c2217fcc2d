using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>
/// A column of many rows whose values are few: nulls, runs, or indices into a dictionary. Its pages are made one at a
/// time, so that the memory that it takes does not depend on its rows.
/// </summary>
internal abstract class PagedColumn
{
    // Columns of fewer rows are taken apart at once, which finds shorter encodings.
    private const int LeastRows = 1 << 20;

    // Fewer rows a run make lists of runs no smaller than the rows are.
    private const int RowsPerRun = 16;

    private PagedColumn(LeafValues entries) => Entries = entries;

    /// <summary>The values that there are, as a dictionary's entries; of booleans, as bits.</summary>
    public LeafValues Entries { get; }

    /// <summary>The column in pages, where its form and its size ask for that.</summary>
    /// <param name="node">The column's place.</param>
    /// <param name="array">The column, of canonical form, with nothing above it.</param>
    public static LeafColumn? TryOf(ParquetNode node, ArrowArray array)
    {
        if (array.Length < LeastRows || node.Kind != NodeKind.Leaf) return null;
        LeafForm form = node.Form!;
        PagedColumn? pages = array.Layout switch
        {
            BufferLayout.Null => new Runs(LeafGather.Gather(array, [], isAll: false, form), [array.Length], [-1]),
            BufferLayout.RunEnds => OfRuns(node, array, form),
            BufferLayout.Dictionary when form.HasDictionary
                && array.Type is DictionaryType { ValueType: not RunEndEncodedType } =>
                new Indices(array, LeafGather.Gather(EntriesOf(array), [], isAll: true, form)),
            _ => null,
        };
        if (pages is null) return null;
        return new LeafColumn(node, form, node.Leaf, node.IsOptional ? 1 : 0, 0, array.Length)
        {
            Pages = pages,
            Values = pages.Entries,
        };
    }

    /// <summary>Makes the next rows.</summary>
    /// <param name="row">The first of them; pages are made in order.</param>
    /// <param name="indices">Takes the entries of the rows that are not null, from its start. Its length is the number
    /// of rows.</param>
    /// <param name="valid">Takes a bit for each row that is not null; all are zero.</param>
    /// <returns>The number of rows that are not null.</returns>
    public abstract int Fill(int row, Span<int> indices, Span<byte> valid);

    private static Runs? OfRuns(ParquetNode node, ArrowArray array, LeafForm form)
    {
        ArrowArray ends = array.Children[0];
        bool hasValues = form.Conversion is not (Conversion.None or Conversion.Presence);
        if (ends.Length > array.Length / RowsPerRun || !hasValues) return null;
        LeafColumn? found = null;
        LevelShredder.Shred(node, array.Children[1], leaf => found = leaf);
        if (found is not { Pages: null } values) return null;
        LeafValues entries = values.Values;
        int[]? known = entries.Indices;
        if (known is not null) entries = entries.Dictionary!;
        else if (form.HasDictionary && DictionaryPages.TryEncode(entries, int.MaxValue) is { } distinct)
            (known, entries) = (distinct.Indices, distinct.Dictionary!);
        var last = new long[ends.Length];
        int[] entry = new int[ends.Length];
        int present = 0;
        for (int i = 0; i < entry.Length; i++)
        {
            last[i] = Slots.RunEnd(ends, i) - array.Offset;
            bool isPresent = values.Definition is { } levels
                ? levels[i] == values.MaxDefinition
                : values.ValidBits.IsEmpty || Bits.Get(values.ValidBits.Span, i);
            entry[i] = !isPresent ? -1 : known is null ? present : known[present];
            if (isPresent) present++;
        }

        return new Runs(entries, last, entry);
    }

    private static ArrowArray EntriesOf(ArrowArray array) =>
        array.Dictionary ?? ArrayJoin.Empty(((DictionaryType)array.Type).ValueType);

    /// <summary>Runs of one entry each, or of nulls.</summary>
    private sealed class Runs(LeafValues entries, long[] ends, int[] entry) : PagedColumn(entries)
    {
        private int _run;

        public override int Fill(int row, Span<int> indices, Span<byte> valid)
        {
            int present = 0;
            for (int at = 0; at < indices.Length;)
            {
                while (ends[_run] <= row + (long)at) _run++;
                int count = (int)Math.Min(ends[_run] - row - at, indices.Length - at);
                if (entry[_run] >= 0)
                {
                    indices.Slice(present, count).Fill(entry[_run]);
                    Bits.Fill(valid, at, count);
                    present += count;
                }

                at += count;
            }

            return present;
        }
    }

    /// <summary>Indices into a dictionary that the file keeps as it is.</summary>
    private sealed class Indices(ArrowArray array, LeafValues entries) : PagedColumn(entries)
    {
        public override int Fill(int row, Span<int> indices, Span<byte> valid)
        {
            ReadOnlySpan<byte> source = array.Buffers[1].Span;
            bool hasNulls = !array.Validity.IsEmpty;
            int present = 0, entryCount = Entries.Count, count = indices.Length;
            for (int i = 0; i < count; i++)
            {
                if (hasNulls && array.IsNull(row + i)) continue;
                Bits.Set(valid, i);
                indices[present++] = Slots.Index(array, source, row + i, entryCount);
            }

            return present;
        }
    }
}
