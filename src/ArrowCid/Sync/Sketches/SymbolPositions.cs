namespace ArrowCid.Sync;

/// <summary>The symbols that an item is part of, in rising order. They are 0 first, and thin out (<c>SYNC.md</c>,
/// Sketch).</summary>
internal struct SymbolPositions(ulong hash)
{
    private const double Scale = 4294967296;

    // No sketch has this number of symbols: beyond it an item has no further position.
    private const ulong Most = 1UL << 40;

    private ulong _state = hash;

    /// <summary>The present position.</summary>
    public ulong Current { get; private set; }

    /// <summary>Goes to the next position.</summary>
    public void Next()
    {
        _state *= 0xda942042e4dd58b5;
        double step = Math.Ceiling((Current + 1.5) * ((Scale / Math.Sqrt(_state + 1.0)) - 1));
        Current = step >= Most || Current >= Most ? Most : Current + Math.Max(1, (ulong)step);
    }
}
