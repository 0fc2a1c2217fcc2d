namespace ArrowCid.Ipc;

/// <summary>Walks a column's slots: where each comes from, or -1 for one that is not valid.</summary>
internal ref struct SlotWalk(Rows rows, byte[]? valid)
{
    private int _run = -1;
    private int _source;
    private int _left;

    /// <summary>The slot's place in the column, from 0.</summary>
    public int Slot { get; private set; } = -1;

    /// <summary>Its place in the source array, or -1 where the slot is not valid.</summary>
    public int Source { get; private set; }

    public bool Next()
    {
        if (_left == 0)
        {
            if (Slot + 1 >= rows.Count) return false;
            Run run = rows[++_run];
            (_source, _left) = (run.Start, run.Length);
        }

        Slot++;
        _left--;
        bool isValid = _source >= 0 && (valid is null || (valid[Slot >> 3] >> (Slot & 7) & 1) != 0);
        Source = isValid ? _source : -1;
        if (_source >= 0) _source++;
        return true;
    }
}
