using ArrowCid.Flight.Grpc;

namespace ArrowCid.Server.Grpc;

/// <summary>
/// Ends a call whose client began a message and sends no more of it: half a message holds memory. Between messages a
/// client may wait as long as it likes. Looked at once a patience, so that a read costs nothing.
/// </summary>
internal sealed class StallWatch : IDisposable
{
    // Slower than this is standing still.
    private const int LeastBytesPerSecond = 240;

    private readonly GrpcReader _reader;
    private readonly CancellationTokenSource _ends;
    private readonly Timer _timer;
    private readonly long _least;
    private (long Message, long Bytes) _seen = (-1, 0);

    public StallWatch(GrpcReader reader, TimeSpan patience, CancellationTokenSource ends)
    {
        (_reader, _ends, _least) = (reader, ends, (long)Math.Max(1, LeastBytesPerSecond * patience.TotalSeconds));
        _timer = new Timer(static watch => ((StallWatch)watch!).Look(), this, patience, patience);
    }

    /// <summary>Whether it has ended the call.</summary>
    public bool HasStalled { get; private set; }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        (long Message, long Bytes) now = _reader.Awaited;
        bool isSame = now.Message >= 0 && now.Message == _seen.Message;
        if (isSame && now.Bytes - _seen.Bytes < _least)
        {
            HasStalled = true;
            try
            {
                _ends.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The call has just ended.
            }

            return;
        }

        _seen = now;
    }
}
