using System.Numerics;
using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>The keys of a run's secondary orders, gathered block by block in the order of digests, as numbers: a group,
/// a time and the block's place. They are sorted as such.</summary>
internal sealed class SecondaryKeys(int blocks) : IKeySink
{
    private readonly Digest256[] _digests = new Digest256[blocks];
    private readonly Order?[] _orders = new Order?[RunFormat.MaxSections];
    private int _count;

    public void Begin(in Digest256 digest) => _digests[_count++] = digest;

    public void Add(IndexKind kind, ReadOnlySpan<byte> group, ulong time) =>
        (_orders[(int)kind] ??= new Order()).Add(group, time, _count - 1);

    public void Write(RunWriter writer)
    {
        var key = new byte[IndexKey.MaxGroupBytes + IndexKey.TailBytes];
        for (int kind = 0; kind < _orders.Length; kind++)
        {
            if (_orders[kind] is not { } order) continue;
            writer.Begin((IndexKind)kind);
            order.Sort();
            for (int i = 0; i < order.Count; i++)
            {
                ReadOnlySpan<byte> group = order.At(i, out ulong time, out int block);
                group.CopyTo(key);
                IndexKey.WriteTail(time, in _digests[block], key.AsSpan(group.Length));
                writer.Add(key.AsSpan(0, group.Length + IndexKey.TailBytes), default);
            }

            writer.End();
            _orders[kind] = null;
        }
    }

    private sealed class Order
    {
        private readonly GroupTable _groups = new();
        private int[] _group = new int[1024];
        private ulong[] _time = new ulong[1024];
        private int[] _block = new int[1024];
        private int[] _sorted = [];

        public int Count { get; private set; }

        public void Add(ReadOnlySpan<byte> group, ulong time, int block)
        {
            if (Count == _group.Length)
            {
                Array.Resize(ref _group, Count * 2);
                Array.Resize(ref _time, Count * 2);
                Array.Resize(ref _block, Count * 2);
            }

            (_group[Count], _time[Count], _block[Count]) = (_groups.NumberOf(group), time, block);
            Count++;
        }

        public ReadOnlySpan<byte> At(int i, out ulong time, out int block)
        {
            int at = _sorted[i];
            (time, block) = (_time[at], _block[at]);
            return _groups[_group[at]];
        }

        /// <summary>By group, time and block. Blocks were added in their order, so a place decides among equals.
        /// </summary>
        public void Sort()
        {
            int[] ranks = _groups.Ranks();
            _sorted = new int[Count];
            for (int i = 0; i < Count; i++) _sorted[i] = i;
            ReadOnlySpan<ulong> times = _time.AsSpan(0, Count);
            ulong least = Count == 0 ? 0 : ulong.MaxValue, most = 0;
            foreach (ulong time in times) (least, most) = (Math.Min(least, time), Math.Max(most, time));
            int timeBits = 64 - BitOperations.LeadingZeroCount(most - least);
            int rankBits = 32 - BitOperations.LeadingZeroCount((uint)ranks.Length);
            if (timeBits + rankBits > 64)
            {
                Array.Sort(_sorted, (one, other) =>
                {
                    int order = ranks[_group[one]].CompareTo(ranks[_group[other]]);
                    if (order == 0) order = _time[one].CompareTo(_time[other]);
                    return order != 0 ? order : one.CompareTo(other);
                });
                return;
            }

            // Group and time fit into one number, which sorts several times as fast.
            var composed = new ulong[Count];
            for (int i = 0; i < Count; i++)
                composed[i] = (timeBits == 64 ? 0 : (ulong)ranks[_group[i]] << timeBits) | (_time[i] - least);
            Array.Sort(composed, _sorted);
            for (int i = 0; i < Count;)
            {
                int next = i + 1;
                while (next < Count && composed[next] == composed[i]) next++;
                if (next > i + 1) _sorted.AsSpan(i, next - i).Sort();
                i = next;
            }
        }
    }
}
