using System.Buffers.Binary;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Memory;

namespace ArrowCid.Benchmarks;

/// <summary>Reads that <c>place trace</c> recorded, as a workload.</summary>
internal static class CacheTrace
{
    /// <summary>Reads a file of <c>place trace</c>. A block that was never fetched while it was recorded costs the mean
    /// time per byte of those that were.</summary>
    public static CacheWorkload Read(string file)
    {
        var reads = new List<(ulong Key, long Bytes, double? Milliseconds)>();
        using (FileStream input = File.OpenRead(file))
        using (var reader = ArrowReader.Open(input))
        {
            while (reader.ReadView() is { } batch) AddRows(batch, reads);
        }

        if (reads.Count == 0) throw new ArrowCidException(ErrorCode.InvalidArgument, $"{file} has no read");
        Dictionary<ulong, double> known = reads.Where(read => read.Milliseconds is not null).GroupBy(read => read.Key)
            .ToDictionary(group => group.Key, group => group.Average(read => read.Milliseconds!.Value));
        double bytes = reads.Where(read => read.Milliseconds is not null).Sum(read => (double)read.Bytes),
            perByte = bytes > 0 ? reads.Sum(read => read.Milliseconds ?? 0) / bytes : 1;
        CacheRead[] all = [.. reads.Select(read => new CacheRead(read.Key, read.Bytes,
            known.TryGetValue(read.Key, out double cost) ? cost : read.Bytes * perByte))];
        return new CacheWorkload(Path.GetFileName(file), all, all.DistinctBy(read => read.Key).Sum(read => read.Bytes));
    }

    private static void AddRows(RecordBatch batch, List<(ulong Key, long Bytes, double? Milliseconds)> reads)
    {
        ArrowArray cids = batch.Column("cid");
        Column<long> sizes = batch.Column<long>("bytes");
        Column<double> took = batch.Column<double>("ms");
        for (int i = 0; i < batch.Length; i++)
        {
            // A read that failed has no bytes.
            if (sizes.Values[i] == 0) continue;
            if (!Cid.Parse(cids.GetString(i)!).TryGetSha256(out Digest256 digest)) continue;
            reads.Add((BinaryPrimitives.ReadUInt64LittleEndian(Digest256.Bytes(in digest)), sizes.Values[i], took[i]));
        }
    }
}
