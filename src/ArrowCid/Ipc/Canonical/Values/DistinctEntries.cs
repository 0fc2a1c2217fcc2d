using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>A dictionary's entries, equal ones counted once, in the order in which they are met.</summary>
internal sealed class DistinctEntries(CanonicalField column, ArrowArray values, Scratch scratch)
{
    private readonly ValueKey _key = new(scratch);
    private ArrowArray _values = values;
    private int _start;
    private int[] _table = [];
    private int[] _hashes = [];
    private int[] _ends = [];
    private byte[] _keys = [];
    private RunList _kept = new(scratch);

    /// <summary>Distinct entries so far.</summary>
    public int Count { get; private set; }

    /// <summary>The source entries that are kept, in order.</summary>
    public Rows Kept => _kept.ToRows(column.Path);

    /// <summary>Goes on with another dictionary, whose entries are counted from <paramref name="start"/> on.</summary>
    public void GoOn(ArrowArray next, int start) => (_values, _start) = (next, start);

    /// <summary>The place of an entry's value among the distinct ones.</summary>
    public int Place(int entry)
    {
        _key.Set(column, _values, entry, isHidden: false);
        ReadOnlySpan<byte> key = _key.Bytes;
        var hasher = default(HashCode);
        hasher.AddBytes(key);
        int hash = hasher.ToHashCode();
        if (2 * (Count + 1) > _table.Length) Grow();
        int mask = _table.Length - 1, at = hash & mask;
        for (; _table[at] != 0; at = at + 1 & mask)
        {
            int place = _table[at] - 1;
            if (_hashes[place] == hash && KeyOf(place).SequenceEqual(key)) return place;
        }

        _table[at] = Count + 1;
        Keep(key, hash);
        _kept.Add(_start + entry, 1);
        return Count++;
    }

    private ReadOnlySpan<byte> KeyOf(int place)
    {
        int start = place == 0 ? 0 : _ends[place - 1];
        return _keys.AsSpan(start, _ends[place] - start);
    }

    private void Keep(ReadOnlySpan<byte> key, int hash)
    {
        if (Count == _hashes.Length) _hashes = scratch.Grow(_hashes, Count);
        if (Count == _ends.Length) _ends = scratch.Grow(_ends, Count);
        int start = Count == 0 ? 0 : _ends[Count - 1];
        if ((long)start + key.Length > BlockFormat.MaxBlockBytes)
        {
            throw new InvalidArrowException(
                "a dictionary is over 2^31 - 1024 bytes; split the batch", column.Path, code: ErrorCode.TooLarge);
        }

        while (_keys.Length - start < key.Length)
            _keys = scratch.Grow(_keys, Math.Max(_keys.Length, start + key.Length >> 1));
        key.CopyTo(_keys.AsSpan(start));
        (_hashes[Count], _ends[Count]) = (hash, start + key.Length);
    }

    private void Grow()
    {
        int size = Math.Max(16, checked(2 * _table.Length));
        _table = scratch.Ints(size);
        for (int place = 0; place < Count; place++)
        {
            int at = _hashes[place] & size - 1;
            while (_table[at] != 0) at = at + 1 & size - 1;
            _table[at] = place + 1;
        }
    }
}
