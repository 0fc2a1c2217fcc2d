using System.Buffers.Binary;
using System.Numerics;

namespace ArrowCid.Ipc;

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
