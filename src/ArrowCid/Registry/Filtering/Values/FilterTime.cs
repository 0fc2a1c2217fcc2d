namespace ArrowCid.Registry;

/// <summary>A date or time, which names all the time from its start to the next of its kind.</summary>
/// <param name="From">Its start, in ticks of UTC.</param>
/// <param name="Precision">0 a day, 1 a minute, 2 a second, 3 a millisecond.</param>
internal readonly record struct FilterTime(long From, int Precision)
{
    /// <summary>The first tick after it.</summary>
    public long To => From + FilterText.TicksOf(Precision);

    /// <summary>-1 for a moment before it, 0 within, 1 after.</summary>
    public int Place(long ticks) => ticks < From ? -1 : ticks < To ? 0 : 1;
}
