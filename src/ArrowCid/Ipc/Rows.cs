using System.Buffers.Binary;
using System.Numerics;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>
/// Slots that follow each other in a source array, or (<see cref="Start"/> below 0) slots that have no source.
/// </summary>
internal readonly record struct Run(int Start, int Length);

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

/// <summary>Walks a column's valid slots span by span, each from one place of the source.</summary>
internal ref struct ValidSpans(Rows rows, byte[]? valid)
{
    private readonly ReadOnlySpan<byte> _bits = valid;
    private int _run = -1;
    private int _runSlot;
    private int _runEnd;
    private int _source;
    private int _next;

    /// <summary>The span's first slot in the column, from 0.</summary>
    public int Slot { get; private set; }

    /// <summary>Its first slot's place in the source array.</summary>
    public int Source { get; private set; }

    public int Length { get; private set; }

    public bool Next()
    {
        while (true)
        {
            int start = _next < _runEnd ? NextBit(_next, 0) : _runEnd;
            if (start < _runEnd)
            {
                _next = valid is null ? _runEnd : NextBit(start, ulong.MaxValue);
                (Slot, Source, Length) = (start, _source + start - _runSlot, _next - start);
                return true;
            }

            if (_runEnd >= rows.Count) return false;
            Run run = rows[++_run];
            (_runSlot, _source) = (_runEnd, run.Start);
            _runEnd += run.Length;
            _next = run.Start < 0 ? _runEnd : _runSlot;
        }
    }

    /// <summary>
    /// The first slot of the run, from <paramref name="slot"/> on, whose bit is 1; with all ones to flip by, 0.
    /// </summary>
    private readonly int NextBit(int slot, ulong flip)
    {
        if (valid is null) return slot;
        ulong word = (Word(slot >> 6) ^ flip) & ulong.MaxValue << (slot & 63);
        int at = slot >> 6;
        while (word == 0)
        {
            if (++at << 6 >= _runEnd) return _runEnd;
            word = Word(at) ^ flip;
        }

        return Math.Min((at << 6) + BitOperations.TrailingZeroCount(word), _runEnd);
    }

    private readonly ulong Word(int index)
    {
        ReadOnlySpan<byte> rest = _bits[(index << 3)..];
        if (rest.Length >= 8) return BinaryPrimitives.ReadUInt64LittleEndian(rest);
        ulong word = 0;
        for (int i = rest.Length - 1; i >= 0; i--) word = word << 8 | rest[i];
        return word;
    }
}
