using System.Collections.Concurrent;
using System.Globalization;
using ArrowCid.Transfer.Backends;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Server.Pinning;

/// <summary>Fetches the blocks of requests to pin, a few requests at a time. One whose blocks are not found is tried
/// again, ever more seldom, until the patience ends.</summary>
internal sealed partial class PinQueue : IDisposable
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(1), s_mostPause = TimeSpan.FromMinutes(1);

    private readonly CidStore _store;
    private readonly PinTable _table;
    private readonly PinningOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _turns;
    private readonly CancellationTokenSource _end;
    private readonly ConcurrentDictionary<string, CancellationTokenSource> _running = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, byte> _tasks = new();

    public PinQueue(CidStore store, PinTable table, PinningOptions options, TimeProvider time, ILogger log,
        CancellationToken stopping)
    {
        (_store, _table, _options, _time, _log) = (store, table, options, time, log);
        _turns = new SemaphoreSlim(Math.Max(1, options.Parallel));
        _end = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    }

    /// <summary>Continues what earlier processes left.</summary>
    public void Resume()
    {
        foreach (PinRequest request in _table.List().Reverse())
        {
            if (request.State is PinState.Queued or PinState.Pinning) Start(request);
        }
    }

    /// <summary>Begins to fetch a request.</summary>
    public void Start(PinRequest request)
    {
        var cancel = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        if (!_running.TryAdd(request.Id, cancel))
        {
            cancel.Dispose();
            return;
        }

        var task = Task.Run(() => RunAsync(request, cancel));
        _ = _tasks.TryAdd(task, 0);
        _ = task.ContinueWith(ended => _tasks.TryRemove(ended, out _), CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Stops to fetch a request, which was removed.</summary>
    public void Stop(string id)
    {
        try
        {
            if (_running.TryGetValue(id, out CancellationTokenSource? cancel)) cancel.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended.
        }
    }

    /// <summary>Stops; what is not pinned yet stays in the queue for the next process.</summary>
    public void Dispose()
    {
        _end.Cancel();
        // The store is closed after the server: nothing may still write to it.
        Task.WaitAll([.. _tasks.Keys]);
        _end.Dispose();
        _turns.Dispose();
    }

    private async Task RunAsync(PinRequest request, CancellationTokenSource cancel)
    {
        long started = _time.GetTimestamp();
        TimeSpan pause = s_firstPause;
        try
        {
            while (true)
            {
                ArrowCidException? fault = await TryAsync(request, cancel.Token).ConfigureAwait(false);
                if (fault is null) return;
                bool isOver = fault.Code == ErrorCode.TooLarge
                    || _time.GetElapsedTime(started) + pause > _options.Patience;
                if (isOver)
                {
                    LogFailed(_log, request.CidText, fault.Message);
                    _ = _table.Update(request with { State = PinState.Failed, Details = Cut(fault.Message) }, false);
                    return;
                }

                _table.Show(request.Id, PinState.Queued, Cut($"tried again later: {fault.Message}"));
                await Task.Delay(pause, _time, cancel.Token).ConfigureAwait(false);
                pause = pause + pause > s_mostPause ? s_mostPause : pause + pause;
            }
        }
        catch (OperationCanceledException)
        {
            // Removed, or the server ends.
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            LogFault(_log, e, request.CidText);
            _table.Show(request.Id, PinState.Failed, "a fault of the server; its log says more");
        }
        finally
        {
            _ = _running.TryRemove(request.Id, out _);
            cancel.Dispose();
        }
    }

    /// <summary>Fetches a request once.</summary>
    /// <returns>Why it is not pinned; null where it is, or was removed.</returns>
    private async Task<ArrowCidException?> TryAsync(PinRequest request, CancellationToken cancel)
    {
        await _turns.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            _table.Show(request.Id, PinState.Pinning, null);
            // It blocks its thread for as long as it takes.
            return await Task.Factory.StartNew(() => Fetch(request, cancel), CancellationToken.None,
                TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default)
                .ConfigureAwait(false);
        }
        finally
        {
            _ = _turns.Release();
        }
    }

    private ArrowCidException? Fetch(PinRequest request, CancellationToken cancel)
    {
        try
        {
            using BlockBackend target = _store.Transfer.AsBackend();
            using (BlockBackend source = PinSources.Open(_store, request, _options))
            {
                _ = target.CopyFrom(source, [request.Root], new Shown(_table, request.Id), cancel);
            }

            // From here on the request keeps the root and what is beneath it; what a collection took before is missed.
            if (!_table.Update(request, isHere: true)) return null;
            _table.Show(request.Id, PinState.Pinning, "the blocks are checked");
            long bytes = 0;
            foreach (Cid cid in BlockWalk.ChildrenFirst(target, [request.Root], cancel))
            {
                if (!_store.Contains(cid))
                    throw new ArrowCidException(ErrorCode.Busy, $"{cid} was collected while others were fetched");
                bytes += _store.Metadata.Get(cid)?.ByteLength ?? 0;
            }

            _ = _table.Update(request with { State = PinState.Pinned, Bytes = bytes }, isHere: true);
            return null;
        }
        catch (ArrowCidException e)
        {
            return e;
        }
    }

    private static string Cut(string text)
    {
        const int Most = 1000;
        return text.Length <= Most ? text : text[..Most] + "…";
    }

    [LoggerMessage(20, LogLevel.Warning, "the request to pin {Cid} has failed: {Reason}")]
    private static partial void LogFailed(ILogger log, string cid, string reason);

    [LoggerMessage(21, LogLevel.Error, "the request to pin {Cid} met a fault")]
    private static partial void LogFault(ILogger log, Exception error, string cid);

    /// <summary>Shows the progress of a request to its client.</summary>
    private sealed class Shown(PinTable table, string id) : IProgress<OperationProgress>
    {
        public void Report(OperationProgress value) => table.Show(id, PinState.Pinning,
            string.Create(CultureInfo.InvariantCulture, $"{value.Completed} bytes fetched"));
    }
}
