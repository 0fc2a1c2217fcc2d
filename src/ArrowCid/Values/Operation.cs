namespace ArrowCid;

/// <summary>One long call: where its progress is reported, and how it is canceled. Each report is a point at which the
/// call ends if it was canceled. Safe for concurrent use.</summary>
/// <param name="unit">What is counted.</param>
/// <param name="progress">Gets the reports, one at a time; null: none.</param>
/// <param name="cancellationToken">Cancels the call.</param>
internal sealed class Operation(ProgressUnit unit, IProgress<OperationProgress>? progress = null,
    CancellationToken cancellationToken = default)
{
    private readonly Lock _gate = new();
    private long _completed;
    private long? _total;

    public CancellationToken Token => cancellationToken;

    /// <summary>Ends the call if it was canceled.</summary>
    /// <exception cref="OperationCanceledException">It was.</exception>
    public void Check() => cancellationToken.ThrowIfCancellationRequested();

    /// <summary>Sets the expected amount of work.</summary>
    public void Expect(long total)
    {
        lock (_gate) _total = total;
    }

    /// <summary>Reports the finished part of the work. A lower number than before is not reported.</summary>
    public void Reach(long completed)
    {
        Check();
        if (progress is null) return;
        lock (_gate)
        {
            if (completed <= _completed) return;
            _completed = completed;
            if (_total < completed) _total = completed;
            Report(progress);
        }
    }

    /// <summary>Reports one more unit of work.</summary>
    public void Step()
    {
        Check();
        if (progress is null) return;
        lock (_gate)
        {
            _completed++;
            if (_total < _completed) _total = _completed;
            Report(progress);
        }
    }

    /// <summary>Begins a part of the work that counts from zero.</summary>
    /// <returns>Takes the finished amount of this part.</returns>
    public Action<long> BeginPart()
    {
        long start;
        lock (_gate) start = _completed;
        return completed => Reach(start + completed);
    }

    /// <summary>Reports that all is done. What was done cannot be canceled any more.</summary>
    public void Finish()
    {
        if (progress is null) return;
        lock (_gate)
        {
            _total = _completed;
            Report(progress);
        }
    }

    private void Report(IProgress<OperationProgress> to) =>
        to.Report(new OperationProgress { Unit = unit, Completed = _completed, Total = _total });
}
