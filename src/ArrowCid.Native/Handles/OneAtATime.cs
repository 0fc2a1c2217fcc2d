namespace ArrowCid.Native;

/// <summary>What one thread at a time uses.</summary>
internal abstract class OneAtATime
{
    private int _isTaken;

    /// <summary>Takes it until the turn is disposed; an undisposed turn blocks all others.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another thread is using it.</exception>
    public Turn Take()
    {
        if (Interlocked.Exchange(ref _isTaken, 1) == 0) return new Turn(this);
        throw new ArrowCidException(ErrorCode.Busy, $"another thread is using this {Noun}; one at a time may");
    }

    protected abstract string Noun { get; }

    /// <summary>A thread's turn.</summary>
    public readonly ref struct Turn(OneAtATime taken)
    {
        public void Dispose() => Volatile.Write(ref taken._isTaken, 0);
    }
}
