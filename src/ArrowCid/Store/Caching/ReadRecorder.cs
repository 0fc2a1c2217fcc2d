using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Records every read of a block by any process until it is disposed of. For one thread.</summary>
public sealed class ReadRecorder : IDisposable
{
    private const int RowsPerBatch = 4096;

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    private readonly ReadTrace _trace;
    private readonly Dictionary<ulong, string> _places;

    internal ReadRecorder(CidStore store)
    {
        _trace = store.Blocks.Cache.BeginTrace();
        _places = store.Places.List().ToDictionary(place => HeatFile.KeyOf(place.Name), place => place.Name);
        _places[ReadTrace.Here] = BlockPlace.Here;
    }

    /// <summary>The number of reads that came faster than they were taken, and are missing.</summary>
    public long Lost => _trace.Lost;

    /// <summary>Takes the next read. Other processes begin to record within a second.</summary>
    /// <returns>Null where there was none since.</returns>
    public ReadRecord? TryTake()
    {
        _trace.Listen();
        if (!_trace.TryNext(out TracedRead? read)) return null;
        return new ReadRecord
        {
            Time = DateTimeOffset.UnixEpoch.AddTicks((long)(read.Nanoseconds / TimeSpan.NanosecondsPerTick)),
            Cid = Cid.FromSha256(Multicodec.Raw, new Digest256(read.Hash)),
            ByteLength = read.Bytes,
            Place = _places.GetValueOrDefault(read.Place),
            Took = TimeSpan.FromTicks(read.TookNs / TimeSpan.NanosecondsPerTick),
        };
    }

    /// <summary>Writes reads as an Arrow IPC stream until it is canceled: the columns time, cid, bytes, place and
    /// ms.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="cancellationToken">Ends the record; the stream is whole then.</param>
    /// <returns>The number of reads.</returns>
    public long WriteTo(Stream output, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(output);
        var table = new TraceTable();
        long reads = 0;
        using var writer = new ArrowWriter(output, TraceTable.Schema);
        while (true)
        {
            bool isEnd = cancellationToken.IsCancellationRequested;
            while (TryTake() is { } read)
            {
                table.Add(read);
                reads++;
                if (table.Rows == RowsPerBatch) writer.Write(table.Take());
            }

            if (isEnd) break;
            _ = cancellationToken.WaitHandle.WaitOne(s_pause);
        }

        if (table.Rows > 0) writer.Write(table.Take());
        writer.Finish();
        return reads;
    }

    /// <summary>Does what <see cref="WriteTo"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="WriteTo"/>
    public Task<long> WriteToAsync(Stream output, CancellationToken cancellationToken) =>
        Task.Run(() => WriteTo(output, cancellationToken), CancellationToken.None);

    /// <summary>Ends the record for all processes.</summary>
    public void Dispose() => _trace.End();
}
