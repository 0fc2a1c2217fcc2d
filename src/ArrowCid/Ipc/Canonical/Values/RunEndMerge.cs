using System.Buffers.Binary;
using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>Collects slots of a run-end encoded column into runs that are as long as possible.</summary>
internal sealed class RunEndMerge(CanonicalField column, ArrowArray values, Scratch scratch)
{
    private ValueKey _last = new(scratch);
    private ValueKey _next = new(scratch);
    private RunList _kept = new(scratch);
    private int[] _ends = [];
    private byte[] _shown = [];
    private int _source = int.MinValue;
    private int _slots;
    private bool _hasHidden;

    /// <summary>Runs so far.</summary>
    public int Count { get; private set; }

    /// <summary>The value of each run.</summary>
    public Rows Values => _kept.ToRows(column.Path);

    /// <summary>Which runs' values are not hidden; null where none is.</summary>
    public byte[]? Shown => _hasHidden ? _shown : null;

    /// <summary>Adds slots of one value.</summary>
    /// <param name="value">The value's place, or -1 for hidden slots.</param>
    /// <param name="slots">Slots, at least 1.</param>
    public void Add(int value, int slots)
    {
        if (slots == 0) return;
        if (value != _source)
        {
            _next.Set(column.Children[1], values, value, isHidden: value < 0);
            _source = value;
            if (Count == 0 || !_next.Bytes.SequenceEqual(_last.Bytes)) Begin(value);
        }

        _slots += slots;
        _ends[Count - 1] = _slots;
    }

    /// <summary>The run ends as a buffer of int16, int32 or int64.</summary>
    public BodyBuffer Ends(int width)
    {
        byte[] bytes = scratch.Bytes(checked(Count * width));
        for (int i = 0; i < Count; i++)
        {
            Span<byte> target = bytes.AsSpan(i * width);
            if (width == 2) BinaryPrimitives.WriteInt16LittleEndian(target, (short)_ends[i]);
            else if (width == 4) BinaryPrimitives.WriteInt32LittleEndian(target, _ends[i]);
            else BinaryPrimitives.WriteInt64LittleEndian(target, _ends[i]);
        }

        return new ReadyBuffer(bytes, Count * width);
    }

    private void Begin(int value)
    {
        (_last, _next) = (_next, _last);
        if (Count == _ends.Length) _ends = scratch.Grow(_ends, Count);
        if (Count >> 3 >= _shown.Length) _shown = scratch.Grow(_shown, Count);
        if (value >= 0) Bits.Set(_shown, Count);
        _hasHidden |= value < 0;
        _kept.Add(value, 1);
        Count++;
    }
}
