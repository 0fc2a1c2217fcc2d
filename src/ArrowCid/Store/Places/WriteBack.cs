using System.Diagnostics;
using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>
/// Copies every block to the places that take them all: first the backlog that the facts of copies tell, then what is
/// put, as the log tells it. After a failure, and after a gap in the log, it begins with the backlog again; so nothing
/// has to be remembered, and a process that is killed leaves its work to the next one.
/// </summary>
internal sealed class WriteBack(CidStore store, WriteBackOptions options)
{
    private const int MostRead = 4096, MostDoublings = 5;

    // The time after which a place that was added is found where nothing is put.
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(1);

    private Cursor _position = Cursor.Now;
    private ulong _given;
    private string _known = "";
    private int _failures;

    /// <summary>Works until it is canceled.</summary>
    public void Run(CancellationToken cancellationToken)
    {
        bool isBehind = true;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                // A look at the table of places maps segments, so without places there is one only after a put.
                ulong given = store.Blocks.Coordination.RecordsGiven();
                if (_known.Length == 0 && given == _given)
                {
                    _ = cancellationToken.WaitHandle.WaitOne(s_idle);
                    continue;
                }

                _given = given;
                BlockPlace[] places = Places(ref isBehind);
                if (places.Length == 0) continue;

                if (isBehind)
                {
                    // What is put from here on comes by the log.
                    _position = store.Blocks.Listing.Fix(Cursor.Now);
                    store.Places.Gauge.Set(places.Sum(place =>
                        store.Registry.Backlog.Count(place.Name, cancellationToken).Bytes));
                    foreach (BlockPlace place in places) CopyBacklog(place, cancellationToken);
                    isBehind = false;
                    _failures = 0;
                    continue;
                }

                List<(Cid Cid, long Length)> put = Read(ref isBehind);
                if (isBehind) continue;
                if (put.Count == 0)
                {
                    store.Places.Gauge.Set(0);
                    Wait(cancellationToken);
                    continue;
                }

                foreach (BlockPlace place in places) Copy(place, put, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (ArrowCidException e)
            {
                isBehind = true;
                Fail(StorePlaces.TableName, e, cancellationToken);
            }
            catch (PlaceFailedException e)
            {
                isBehind = true;
                Fail(e.Place, (ArrowCidException)e.InnerException!, cancellationToken);
            }
        }
    }

    private BlockPlace[] Places(ref bool isBehind)
    {
        BlockPlace[] places = [.. store.Places.List().Where(place => place.Write != PlaceWrite.None)];
        string known = string.Join('\n', places.Select(place => $"{place.Name} {place.Location}"));
        isBehind |= known != _known;
        _known = known;
        return places;
    }

    private void CopyBacklog(BlockPlace place, CancellationToken cancellationToken) => Copy(place,
        store.Registry.Backlog.Find(place.Name, cancellationToken)
            .Select(info => (StorePlaces.CidOf(in info), info.Length)), cancellationToken);

    private void Copy(BlockPlace place, IEnumerable<(Cid Cid, long Length)> blocks, CancellationToken cancellationToken)
    {
        try
        {
            var operation = new Operation(ProgressUnit.Bytes, progress: null, cancellationToken);
            BlockCopyResult copied = store.Places.CopyBacklog(place, blocks, operation);
            if (copied.Blocks > 0) options.Copied?.Invoke(place.Name, copied);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            // All others were copied; a damaged block stays in the backlog until it is repaired or removed.
            options.Failed?.Invoke(place.Name, e);
        }
        catch (ArrowCidException e)
        {
            throw new PlaceFailedException(place.Name, e);
        }
    }

    /// <summary>Reads the blocks that were put since the last time, in the order of each lane.</summary>
    private List<(Cid Cid, long Length)> Read(ref bool isBehind)
    {
        var put = new List<(Cid, long)>();
        using LogReader tail = store.Blocks.Tail(_position);
        for (int read = 0; read < MostRead && tail.TryNext(out LogEvent found); read++)
        {
            if (found.Gap is not null)
            {
                isBehind = true;
                break;
            }

            RecordHeader record = found.Record;
            bool isBlock = record.IsBlock || record.RecordKind == RecordKind.Ref;
            if (!isBlock) continue;
            using RecordLease? lease = store.Blocks.Find(record.Digest);
            if (lease is null || lease.Kind == RecordKind.View) continue;
            put.Add((StorePlaces.CidOf(lease.Info), lease.Info.Length));
        }

        _position = tail.Position;
        return put;
    }

    /// <summary>Waits for the next block, and then for those that follow it.</summary>
    private void Wait(CancellationToken cancellationToken)
    {
        bool isThere = false;
        using (LogReader tail = store.Blocks.Tail(_position))
        using (cancellationToken.UnsafeRegister(static signal => ((LogSignal)signal!).Disturb(), store.Blocks.Signal))
        {
            var pause = new LogPause(store.Blocks.Signal);
            long started = Stopwatch.GetTimestamp();
            while (!isThere && !cancellationToken.IsCancellationRequested)
            {
                isThere = tail.TryNext(out _);
                TimeSpan left = s_idle - Stopwatch.GetElapsedTime(started);
                if (left <= TimeSpan.Zero) break;
                if (isThere || pause.LooksAgain()) continue;
                tail.ThrowIfGone();
                pause.Sleep(left);
            }
        }

        if (isThere) _ = cancellationToken.WaitHandle.WaitOne(options.Delay);
    }

    private void Fail(string place, ArrowCidException error, CancellationToken cancellationToken)
    {
        options.Failed?.Invoke(place, error);
        _ = cancellationToken.WaitHandle.WaitOne(options.RetryAfter * (1 << _failures));
        _failures = Math.Min(_failures + 1, MostDoublings);
    }

    private sealed class PlaceFailedException(string place, ArrowCidException inner) : Exception(inner.Message, inner)
    {
        public string Place { get; } = place;
    }
}
