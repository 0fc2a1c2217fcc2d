using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>Runs as they are found; adjacent ones grow together.</summary>
internal struct RunList(Scratch scratch)
{
    private Run[] _runs = [];
    private int _count;
    private long _slots;

    /// <summary>Slots so far.</summary>
    public readonly long Slots => _slots;

    public void Add(int start, int length)
    {
        if (length == 0) return;
        _slots += length;
        if (_count > 0)
        {
            ref Run last = ref _runs[_count - 1];
            if (start < 0 ? last.Start < 0 : last.Start >= 0 && last.Start + (long)last.Length == start)
            {
                if ((long)last.Length + length <= int.MaxValue)
                {
                    last = new Run(last.Start, last.Length + length);
                    return;
                }
            }
        }

        if (_count == _runs.Length) _runs = scratch.Grow(_runs, _count);
        _runs[_count++] = new Run(start, length);
    }

    public readonly Rows ToRows(FieldPath? path)
    {
        if (_slots > int.MaxValue)
        {
            throw new InvalidArrowException(
                $"a child column would have {_slots} slots, over 2^31 - 1", path, code: ErrorCode.TooLarge);
        }

        return new Rows(_runs, _count, (int)_slots);
    }
}
