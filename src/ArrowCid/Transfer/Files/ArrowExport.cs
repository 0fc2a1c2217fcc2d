using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.Transfer;

/// <summary>Writes stored batches as one Arrow IPC stream or file.</summary>
internal static class ArrowExport
{
    /// <summary>Writes batches of one schema. One whole batch as a plain stream is its block.</summary>
    /// <param name="cids">The CIDs of the batches; at least one.</param>
    /// <param name="find">Gets one of them.</param>
    /// <param name="target">The target.</param>
    /// <param name="format">Stream or file.</param>
    /// <param name="compression">How the buffers are compressed.</param>
    /// <param name="columns">The columns to write; null or none for all.</param>
    /// <param name="written">Called after each batch.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: a batch has another schema than the
    /// first; those of <paramref name="find"/>.</exception>
    public static void Write(IReadOnlyList<Cid> cids, Func<Cid, HeldBatch> find, Stream target,
        ArrowFormat format = ArrowFormat.Stream, ArrowCompression compression = ArrowCompression.None,
        IReadOnlyList<string>? columns = null, Action? written = null)
    {
        columns ??= [];
        var open = new List<HeldBatch>();
        try
        {
            open.Add(find(cids[0]));
            bool isBlock = cids.Count == 1 && format == ArrowFormat.Stream && compression == ArrowCompression.None &&
                columns.Count == 0;
            if (isBlock)
            {
                target.Write(open[0].Block.Span);
                written?.Invoke();
                return;
            }

            var writer = new ArrowWriter(target, ColumnChoice.Of(open[0].Batch.Schema, columns), format, compression);
            if (writer.NeedsPrescan)
            {
                // The dictionaries of all batches are in the file before the first batch.
                open.AddRange(cids.Skip(1).Select(find));
                foreach (HeldBatch held in open) writer.Prescan(ColumnChoice.Of(held.Batch, columns));
            }

            for (int i = 0; i < cids.Count; i++)
            {
                HeldBatch? later = i < open.Count ? null : find(cids[i]);
                using (later)
                {
                    writer.Write(ColumnChoice.Of((later ?? open[i]).Batch, columns));
                    written?.Invoke();
                }
            }

            // Only a stream that is whole gets its end.
            writer.Finish();
        }
        finally
        {
            foreach (HeldBatch held in open) held.Dispose();
        }
    }
}
