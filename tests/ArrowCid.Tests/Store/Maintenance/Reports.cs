namespace ArrowCid.Tests.Store;

/// <summary>Gets reports of progress at once, on the thread that reports.</summary>
internal sealed class Reports(Action<OperationProgress> handle) : IProgress<OperationProgress>
{
    public void Report(OperationProgress value) => handle(value);
}
