using System.Diagnostics;
using ArrowCid.Columnar;
using ArrowCid.Flight.Limits;
using ArrowCid.Flight.Protocol;

namespace ArrowCid.Server.Service;

/// <summary>Batches that wait to be joined: until there are rows enough, bytes enough, or the oldest has waited long
/// enough.</summary>
/// <param name="how">When to cut.</param>
/// <param name="memory">Counts what waits; null where nothing counts it.</param>
internal sealed class BatchGathering(Put how, MemoryAccount? memory = null)
{
    private readonly List<RecordBatch> _held = [];
    private long _rows, _bytes, _since;

    /// <summary>How long the oldest row may still wait; null where it may wait for ever, or there is none.</summary>
    public TimeSpan? TimeLeft
    {
        get
        {
            if (how.CutMilliseconds == 0 || _held.Count == 0) return null;
            TimeSpan left = TimeSpan.FromMilliseconds(how.CutMilliseconds) - Stopwatch.GetElapsedTime(_since);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>Takes a batch, which stays readable.</summary>
    /// <returns>The batches that are whole now.</returns>
    public IEnumerable<RecordBatch> Add(RecordBatch batch)
    {
        if (batch.Length == 0) yield break;
        if (_held.Count == 0) _since = Stopwatch.GetTimestamp();
        _held.Add(batch);
        _rows += batch.Length;
        Count(BytesOf(batch));
        if (how.CutRows > 0 && _rows >= how.CutRows)
        {
            RecordBatch[] pieces = [.. BatchCut.EveryRows([.. _held], (int)Math.Min(how.CutRows, int.MaxValue))];
            Clear();
            foreach (RecordBatch piece in pieces)
            {
                if (piece.Length >= how.CutRows) yield return piece;
                else Hold(piece);
            }
        }

        bool isCut = (how.CutBytes > 0 && _bytes >= how.CutBytes) || TimeLeft == TimeSpan.Zero;
        if (isCut && Rest() is { } all) yield return all;
    }

    /// <summary>Everything that waits as one batch, or null.</summary>
    public RecordBatch? Rest()
    {
        if (_held.Count == 0) return null;
        RecordBatch all = BatchCut.EveryRows([.. _held], int.MaxValue).First();
        Clear();
        return all;
    }

    private void Hold(RecordBatch batch)
    {
        _since = Stopwatch.GetTimestamp();
        _held.Add(batch);
        _rows = batch.Length;
        Count(BytesOf(batch));
    }

    private void Clear()
    {
        _held.Clear();
        memory?.Release(_bytes, isInflated: false);
        (_rows, _bytes) = (0, 0);
    }

    private void Count(long bytes)
    {
        memory?.Take(bytes);
        _bytes += bytes;
    }

    private static long BytesOf(RecordBatch batch) => batch.Columns.Sum(column => BytesOf(column));

    private static long BytesOf(ArrowArray column)
    {
        long bytes = 0;
        foreach (ReadOnlyMemory<byte> buffer in column.Buffers) bytes += buffer.Length;
        foreach (ArrowArray child in column.Children) bytes += BytesOf(child);
        return bytes;
    }
}
