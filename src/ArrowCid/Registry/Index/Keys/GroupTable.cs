using System.Buffers.Binary;
using System.Diagnostics;

namespace ArrowCid.Registry;

/// <summary>Byte strings, each with a number of its own.</summary>
internal sealed class GroupTable
{
    // A random seed, so that chosen texts cannot collide.
    private static readonly ulong s_seed = (ulong)Random.Shared.NextInt64();

    private readonly RunBuffer _bytes = new(4096);
    private readonly List<(int Start, int Length)> _groups = [];
    private int[] _slots = new int[1024];

    public int Count => _groups.Count;

    public ReadOnlySpan<byte> this[int group] => _bytes.At(_groups[group].Start, _groups[group].Length);

    public int NumberOf(ReadOnlySpan<byte> group)
    {
        if (_groups.Count * 2 >= _slots.Length) Grow();
        Debug.Assert(int.IsPow2(_slots.Length) && _groups.Count < _slots.Length, "a free slot ends each search");
        int mask = _slots.Length - 1;
        for (int at = (int)Hash(group) & mask; ; at = (at + 1) & mask)
        {
            int number = _slots[at] - 1;
            if (number < 0)
            {
                _groups.Add((_bytes.Length, group.Length));
                _bytes.Bytes(group);
                _slots[at] = _groups.Count;
                return _groups.Count - 1;
            }

            if (this[number].SequenceEqual(group)) return number;
        }
    }

    /// <summary>The rank of each group among all, by its bytes.</summary>
    public int[] Ranks()
    {
        var order = new int[Count];
        for (int i = 0; i < order.Length; i++) order[i] = i;
        Array.Sort(order, (one, other) => this[one].SequenceCompareTo(this[other]));
        var ranks = new int[Count];
        for (int i = 0; i < order.Length; i++) ranks[order[i]] = i;
        Debug.Assert(order.Length == Count && Count == ranks.Length);
        return ranks;
    }

    private void Grow()
    {
        _slots = new int[_slots.Length * 4];
        Debug.Assert(int.IsPow2(_slots.Length) && _groups.Count * 2 < _slots.Length);
        int mask = _slots.Length - 1;
        for (int number = 0; number < _groups.Count; number++)
        {
            int at = (int)Hash(this[number]) & mask;
            while (_slots[at] != 0) at = (at + 1) & mask;
            _slots[at] = number + 1;
        }
    }

    private static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        const ulong Odd = 0x9e3779b97f4a7c15;
        ulong hash = s_seed ^ ((ulong)bytes.Length * Odd);
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            hash = (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes)) * Odd;
            hash ^= hash >> 29;
        }

        foreach (byte one in bytes) hash = (hash ^ one) * Odd;
        return hash ^ (hash >> 32);
    }
}
