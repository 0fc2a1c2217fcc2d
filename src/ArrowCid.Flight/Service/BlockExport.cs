using ArrowCid.Ipc;
using ArrowCid.Parquet;

namespace ArrowCid.Flight.Service;

/// <summary>Batches as files. Nothing leaves that is not what its CID says.</summary>
internal static class BlockExport
{
    /// <summary>Writes batches of one schema as Parquet, a row group each.</summary>
    /// <param name="batches">Their CIDs.</param>
    /// <param name="find">Leases one of them.</param>
    /// <param name="file">Where to.</param>
    /// <param name="columns">The columns to write; null or none: all. Of some columns the bytes cannot be compared with
    /// the CID, and <paramref name="find"/> must have proved them.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>.</exception>
    public static void WriteParquet(IReadOnlyList<Cid> batches, Func<Cid, BatchLease> find, Stream file,
        IReadOnlyList<string>? columns = null)
    {
        columns ??= [];
        using BatchLease first = find(batches[0]);
        using var writer = new ParquetWriter(file, BlockStreams.Project(first.View, columns).Schema,
            new ParquetWriteOptions { Compression = ParquetCompression.Snappy });
        if (writer.RequiresPrescan)
        {
            foreach (Cid cid in batches.Skip(1))
            {
                using BatchLease lease = find(cid);
                writer.Prescan(BlockStreams.Project(lease.View, columns));
            }
        }

        foreach (Cid cid in batches)
        {
            using BatchLease lease = find(cid);
            Cid written = writer.Write(BlockStreams.Project(lease.View, columns)).Cid;
            if (columns.Count == 0) RequireSame(written, cid);
        }

        writer.Finish();
    }

    /// <summary>Writes batches of one schema as an Arrow IPC stream; one alone is its block.</summary>
    /// <param name="batches">Their CIDs.</param>
    /// <param name="find">Leases one of them.</param>
    /// <param name="file">Where to.</param>
    /// <param name="columns">The columns to write; null or none: all. Of some columns the bytes cannot be compared with
    /// the CID, and <paramref name="find"/> must have proved them.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>.</exception>
    public static void WriteArrow(IReadOnlyList<Cid> batches, Func<Cid, BatchLease> find, Stream file,
        IReadOnlyList<string>? columns = null)
    {
        columns ??= [];
        using BatchLease first = find(batches[0]);
        if (batches.Count == 1 && columns.Count == 0)
        {
            RequireSame(Cid.Sha256(Multicodec.Raw, first.Block.Span), batches[0]);
            file.Write(first.Block.Span);
            return;
        }

        using var writer = new ArrowWriter(file, BlockStreams.Project(first.View, columns).Schema);
        foreach (Cid cid in batches)
        {
            using BatchLease lease = find(cid);
            RequireSame(Cid.Sha256(Multicodec.Raw, lease.Block.Span), cid);
            writer.Write(BlockStreams.Project(lease.View, columns));
        }

        writer.Finish();
    }

    private static void RequireSame(Cid got, Cid cid)
    {
        if (got != cid)
            throw new ArrowCidException(ErrorCode.BlockCorrupt, $"the block {cid} is damaged; verify it");
    }
}
