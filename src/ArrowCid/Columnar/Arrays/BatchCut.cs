namespace ArrowCid.Columnar;

/// <summary>Cuts a sequence of batches again by rows, so that the blocks do not depend on how the writer cut
/// it.</summary>
internal static class BatchCut
{
    /// <summary>
    /// The same rows in batches of one length, of which the last may be shorter. A piece of one batch is a slice
    /// without a copy; one that spans batches is joined. Where there is no row there is one empty batch.
    /// </summary>
    /// <param name="batches">Batches of one schema; each must stay readable as long as what is cut from it is.</param>
    /// <param name="rows">Rows a batch, 1 or more.</param>
    /// <returns>The batches, made as they are asked for; none where none is given.</returns>
    /// <exception cref="ArrowCidException">When enumerated: <see cref="ErrorCode.SchemaMismatch"/>: another schema than
    /// the first.</exception>
    /// <exception cref="InvalidArrowException">When enumerated: a piece that is to be joined breaks a rule of the
    /// format, or is over a limit of its types.</exception>
    public static IEnumerable<RecordBatch> EveryRows(IEnumerable<RecordBatch> batches, int rows)
    {
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        return Cut(batches, _ => rows);
    }

    /// <summary>The same rows in batches of given lengths, of which there is at least one above 0; what is left comes
    /// in batches as long as the last.</summary>
    internal static IEnumerable<RecordBatch> ByRows(IEnumerable<RecordBatch> batches, IReadOnlyList<int> rows) =>
        Cut(batches, piece => rows[Math.Min(piece, rows.Count - 1)]);

    private static IEnumerable<RecordBatch> Cut(IEnumerable<RecordBatch> batches, Func<int, int> rowsOf)
    {
        int piece = 0, rows = rowsOf(0);
        var parts = new List<RecordBatch>();
        int held = 0;
        RecordBatch? first = null;
        bool isCut = false;
        foreach (RecordBatch batch in batches)
        {
            first ??= batch;
            if (!ReferenceEquals(batch.Schema, first.Schema) && !batch.Schema.Equals(first.Schema))
            {
                throw new ArrowCidException(ErrorCode.SchemaMismatch,
                    "a batch has another schema than the first; batches of one schema can be cut together");
            }

            int at = 0;
            while (at < batch.Length)
            {
                int take = Math.Min(rows - held, batch.Length - at);
                parts.Add(batch.Slice(at, take));
                (at, held) = (at + take, held + take);
                if (held < rows) continue;
                yield return Join(parts, held);
                (held, isCut) = (0, true);
                parts.Clear();
                rows = rowsOf(++piece);
            }
        }

        if (held > 0) yield return Join(parts, held);
        else if (!isCut && first is not null) yield return first;
    }

    private static RecordBatch Join(List<RecordBatch> parts, int rows)
    {
        if (parts.Count == 1) return parts[0];
        Schema schema = parts[0].Schema;
        var columns = new ArrowArray[schema.Fields.Count];
        for (int i = 0; i < columns.Length; i++)
        {
            var path = new FieldPath(null, schema.Fields[i].Name);
            var budget = new ByteBudget(long.MaxValue);
            ArrowArray[] column = [.. parts.Select(part => part.Columns[i].Slice(0, part.Length))];
            columns[i] = ArrayJoin.Join(OneDictionary.Of(column, path, budget), path, budget);
        }

        return new RecordBatch(schema, rows, columns);
    }
}
