using System.Diagnostics;
using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>The keys of what is in a book and not in its index: sorted when an order is first asked for, and from then
/// on brought up to date. Some may be of what was replaced since.</summary>
internal sealed class RecentKeys
{
    private readonly Dictionary<IndexKind, List<byte[]>> _orders = [];
    private RegistryState? _book;

    public void Forget() => _orders.Clear();

    /// <summary>How many there are in a range.</summary>
    public long Count(RegistryState book, IndexKind kind, KeyRange range)
    {
        (int from, int to) = Bounds(Of(book, kind), range);
        return Math.Max(0, to - from);
    }

    /// <summary>Those in a range, until something is said.</summary>
    public ListCursor Open(RegistryState book, IndexKind kind, KeyRange range, bool isDescending)
    {
        List<byte[]> keys = Of(book, kind);
        (int from, int to) = Bounds(keys, range);
        return new ListCursor(keys, from, to, isDescending);
    }

    private List<byte[]> Of(RegistryState book, IndexKind kind)
    {
        BringUpToDate(book);
        if (_orders.TryGetValue(kind, out List<byte[]>? keys)) return keys;
        var made = new Keys(kind);
        if (kind == IndexKind.Name)
        {
            foreach (string name in book.RecentNames.Keys) made.Add(name);
        }
        else
        {
            foreach ((Digest256 digest, BlockState page) in book.Recent) made.Add(in digest, page);
        }

        made.All.Sort(static (one, other) => one.AsSpan().SequenceCompareTo(other));
        Debug.Assert(AreSorted(made.All));
        _orders.Add(kind, made.All);
        return made.All;
    }

    private void BringUpToDate(RegistryState book)
    {
        bool isKnown = book.TakeDirtySet(out IReadOnlyCollection<Digest256> blocks,
            out IReadOnlyCollection<string> names) && ReferenceEquals(book, _book);
        _book = book;
        if (!isKnown) Forget();
        if (_orders.Count == 0 || blocks.Count + names.Count == 0) return;
        foreach ((IndexKind kind, List<byte[]> keys) in _orders)
        {
            var touched = new Keys(kind);
            if (kind == IndexKind.Name)
            {
                foreach (string name in names) touched.Add(name);
            }
            else
            {
                foreach (Digest256 digest in blocks) touched.Add(in digest, book.Recent[digest]);
            }

            foreach (byte[] key in touched.All)
            {
                int at = PlaceOf(keys, key);
                if (at == keys.Count || !keys[at].AsSpan().SequenceEqual(key)) keys.Insert(at, key);
            }

            Debug.Assert(keys.Count > 1000 || AreSorted(keys), "each key was inserted at its place");
            // Repeated facts about the same blocks leave one key each.
            if (keys.Count > 1024 + (8 * (book.Recent.Count + book.RecentNames.Count))) _ = _orders.Remove(kind);
        }
    }

    private static (int From, int To) Bounds(List<byte[]> keys, KeyRange range) =>
        (range.Low is null ? 0 : PlaceOf(keys, range.Low), range.High is null ? keys.Count : PlaceOf(keys, range.High));

    private static bool AreSorted(List<byte[]> keys) =>
        keys.Zip(keys.Skip(1)).All(pair => pair.First.AsSpan().SequenceCompareTo(pair.Second) <= 0);

    private static int PlaceOf(List<byte[]> keys, byte[] key)
    {
        int low = 0, high = keys.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (keys[middle].AsSpan().SequenceCompareTo(key) < 0) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    /// <summary>Keys of one order as arrays.</summary>
    private sealed class Keys(IndexKind kind) : IKeySink
    {
        private readonly RunBuffer _key = new();
        private Digest256 _digest;

        public List<byte[]> All { get; } = [];

        public void Add(string name) => All.Add(IpldText.Utf8.GetBytes(name));

        public void Add(in Digest256 digest, BlockState page)
        {
            _digest = digest;
            if (kind == IndexKind.Cid) All.Add(IndexKey.OfDigest(in digest));
            else if (kind is not (IndexKind.Created or IndexKind.Schema)) StandingKeys.Of(kind, page, null, this);
            else if (page.Puts is { } puts)
            {
                foreach (PutEntry put in puts) StandingKeys.Add(kind, put, this);
            }
        }

        public void Add(IndexKind order, ReadOnlySpan<byte> group, ulong time)
        {
            _key.Clear();
            _key.Key(group, time, in _digest);
            All.Add(_key.Written.ToArray());
        }
    }
}
