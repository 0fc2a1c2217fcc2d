using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>Which levels, values and rows of a leaf are a page.</summary>
internal readonly record struct PageCut(int FirstLevel, int EndLevel, int FirstValue, int EndValue, int FirstRow,
    int RowCount)
{
    /// <summary>Cuts a leaf at rows; one without rows is one empty page.</summary>
    public static IEnumerable<PageCut> Of(LeafColumn column, LeafValues values, ParquetWriteOptions options)
    {
        int level = 0, value = 0, row = 0;
        do
        {
            var cut = Next(column, values, options, level, value, row);
            yield return cut;
            (level, value, row) = (cut.EndLevel, cut.EndValue, row + cut.RowCount);
        }
        while (level < column.LevelCount);
    }

    private static PageCut Next(LeafColumn column, LeafValues values, ParquetWriteOptions options, int level, int value,
        int row)
    {
        // Bytes of a fixed width count by the value, a dictionary's index as four, bits as one.
        int width = values.Indices is not null ? sizeof(int) : Math.Max(values.Width, 1);
        bool isBytes = values.IsBytes;
        int mostValues = isBytes ? int.MaxValue : Math.Max(1, options.PageBytes / width);
        if (column.Definition is null && column.Repetition is null && !isBytes)
        {
            int rows = Math.Min(column.LevelCount - level, Math.Min(options.PageRows, mostValues));
            return new PageCut(level, level + rows, value, value + Present(column, level, rows), row, rows);
        }

        ReadOnlySpan<int> ends = isBytes ? values.Ends : default;
        int at = level, from = value, rowCount = 0;
        for (; at < column.LevelCount; at++)
        {
            if (column.Repetition is null || column.Repetition[at] == 0)
            {
                bool isFull = rowCount == options.PageRows || value - from >= mostValues
                    || (isBytes && ends[value] - (long)ends[from] + 4L * (value - from) >= options.PageBytes);
                if (isFull && rowCount > 0) break;
                rowCount++;
            }

            bool isPresent = column.Definition is { } levels
                ? levels[at] == column.MaxDefinition
                : column.ValidBits.IsEmpty || Bits.Get(column.ValidBits.Span, at);
            if (isPresent) value++;
        }

        return new PageCut(level, at, from, value, row, rowCount);
    }

    private static int Present(LeafColumn column, int level, int count) =>
        column.ValidBits.IsEmpty ? count : Bits.Count(column.ValidBits.Span, level, count);
}
