namespace ArrowCid;

/// <summary>Which datasets are read in the order of their batches, as far as fetches tell. After two fetches in order
/// the next batches are worth fetching ahead; and where the dataset is larger than the cache, its batches pass through
/// without being kept, so that a scan evicts nothing. Safe for concurrent use.</summary>
internal sealed class ReadOrder
{
    // Datasets that are known, and their batches; the one that was learned first is forgotten.
    private const int MostDatasets = 64, MostBatches = 1 << 16;

    // How many batches are fetched ahead at first and at most. It doubles each time that they were all read.
    private const int LeastAhead = 2, MostAhead = 16;

    // Fetches in order that come before anything is concluded.
    private const int Enough = 2;

    // The part of the cache that batches fetched ahead may take.
    private const int Parts = 16;

    private readonly Lock _gate = new();
    private readonly Queue<KnownOrder> _known = [];
    private readonly Dictionary<Cid, (KnownOrder Order, int Index)> _places = [];
    private readonly HashSet<Cid> _datasets = [];
    private int _batches;

    /// <summary>Whether a dataset is known.</summary>
    public bool Knows(Cid dataset)
    {
        lock (_gate) return _datasets.Contains(dataset);
    }

    /// <summary>Learns the batches of a dataset.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="batches">Its batches in order, with their bytes.</param>
    public void Learn(Cid dataset, IReadOnlyList<(Cid Cid, long Bytes)> batches)
    {
        if (batches.Count > MostBatches) return;
        lock (_gate)
        {
            if (!_datasets.Add(dataset)) return;
            var order = new KnownOrder(dataset, batches);
            _known.Enqueue(order);
            _batches += batches.Count;
            for (int i = 0; i < batches.Count; i++) _places[batches[i].Cid] = (order, i);
            while (_known.Count > MostDatasets || _batches > MostBatches) Forget(_known.Dequeue());
        }
    }

    /// <summary>Notes that a block was fetched because a reader wanted it.</summary>
    /// <param name="cid">The block.</param>
    /// <param name="cacheBytes">The size of the cache.</param>
    public ReadStep Note(Cid cid, long cacheBytes)
    {
        lock (_gate)
        {
            return _places.TryGetValue(cid, out (KnownOrder Order, int Index) at)
                ? at.Order.Note(at.Index, cacheBytes)
                : default;
        }
    }

    private void Forget(KnownOrder order)
    {
        _ = _datasets.Remove(order.Dataset);
        _batches -= order.Batches.Count;
        foreach ((Cid cid, _) in order.Batches)
        {
            if (_places.TryGetValue(cid, out (KnownOrder Order, int Index) at) && at.Order == order)
                _ = _places.Remove(cid);
        }
    }

    private sealed class KnownOrder(Cid dataset, IReadOnlyList<(Cid Cid, long Bytes)> batches)
    {
        private readonly long _bytes = batches.Sum(batch => batch.Bytes);
        private int _last = -1, _end = -1, _run, _window = LeastAhead;

        public Cid Dataset => dataset;

        public IReadOnlyList<(Cid Cid, long Bytes)> Batches => batches;

        public ReadStep Note(int index, long cacheBytes)
        {
            // What was fetched ahead is read here, and so the next fetch is the one after it.
            bool isNext = index > _last && index <= _end + 1;
            if (isNext && index == _end + 1 && _end > _last) _window = Math.Min(2 * _window, MostAhead);
            else if (!isNext) _window = LeastAhead;
            _run = isNext ? _run + 1 : 1;
            (_last, _end) = (index, index);
            if (_run < Enough) return default;
            if (_bytes > cacheBytes) return new ReadStep(IsScan: true, []);
            var ahead = new List<Cid>();
            long bytes = 0;
            for (int i = index + 1; i < batches.Count && ahead.Count < _window; i++)
            {
                bytes += batches[i].Bytes;
                if (bytes > cacheBytes / Parts) break;
                ahead.Add(batches[i].Cid);
                _end = i;
            }

            return new ReadStep(IsScan: false, ahead);
        }
    }
}
