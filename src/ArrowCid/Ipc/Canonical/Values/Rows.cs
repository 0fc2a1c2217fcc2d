namespace ArrowCid.Ipc;

/// <summary>Which slots of a source array make up a column of the block, in order.</summary>
internal readonly struct Rows
{
    private readonly Run _range;
    private readonly Run[]? _runs;
    private readonly int _runCount;

    public Rows(int start, int count) => (_range, Count) = (new Run(start, count), count);

    public Rows(Run[] runs, int runCount, int count)
    {
        Count = count;
        if (runCount == 0) _range = default;
        else if (runCount == 1) _range = runs[0];
        else (_runs, _runCount) = (runs, runCount);
    }

    /// <summary>Slots in all.</summary>
    public int Count { get; }

    /// <summary>Whether it is one run with a source.</summary>
    public bool IsRange => _runs is null && _range.Start >= 0;

    /// <summary>The first source slot of a range.</summary>
    public int Start => _range.Start;

    public int RunCount => _runs is null ? 1 : _runCount;

    public Run this[int index] => _runs is null ? _range : _runs[index];
}
