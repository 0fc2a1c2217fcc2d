using ArrowCid.Ipld;
using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>Index runs, with the log position that they cover. Immutable; a holder keeps the runs mapped.</summary>
internal sealed class IndexSnapshot(IEnumerable<RunFile> runs, Cursor cursor, IndexTotals totals, ulong epoch)
{
    private readonly RunFile[] _runs = [.. runs];

    public static readonly IndexSnapshot Empty = new([], Cursor.Oldest, IndexTotals.Zero, 0);

    /// <summary>The runs, oldest first.</summary>
    public IReadOnlyList<RunFile> Runs => _runs;

    /// <summary>The log up to here is in the runs.</summary>
    public Cursor Cursor => cursor;

    public IndexTotals Totals => totals;

    /// <summary>The number of the manifest that names them; 0 where none does.</summary>
    public ulong Epoch => epoch;

    public bool IsEmpty => _runs.Length == 0;

    /// <summary>Blocks, those counted twice that two runs speak of.</summary>
    public long Blocks => _runs.Sum(run => run.Blocks);

    /// <summary>Asks for the memory where blocks are looked up, step by step: so they wait for it together.</summary>
    /// <param name="digests">The blocks.</param>
    /// <param name="speakers">Filled with the runs that may speak of each.</param>
    public void Ask(ReadOnlySpan<Digest256> digests, Span<RunSet> speakers)
    {
        foreach (ref readonly Digest256 digest in digests)
        {
            foreach (RunFile run in _runs) run.AskFilter(in digest);
        }

        for (int i = 0; i < digests.Length; i++) speakers[i] = Speakers(in digests[i]);
        for (var step = LookupStep.Guess; step <= LookupStep.Page; step++)
        {
            for (int i = 0; i < digests.Length; i++)
            {
                for (int at = 0; at < _runs.Length; at++)
                {
                    if (speakers[i].Has(at)) _runs[at].Ask(in digests[i], step);
                }
            }
        }

        GC.KeepAlive(this);
    }

    /// <summary>The runs that may speak of a block.</summary>
    public RunSet Speakers(in Digest256 digest)
    {
        var speakers = default(RunSet);
        for (int at = 0; at < _runs.Length; at++)
        {
            if (_runs[at].MayHave(in digest)) speakers = speakers.With(at);
        }

        return speakers;
    }

    /// <summary>Reads every page.</summary>
    /// <exception cref="IndexDamagedException">One is damaged.</exception>
    public void Check()
    {
        foreach (RunFile run in _runs)
        {
            foreach (IndexKind kind in Enum.GetValues<IndexKind>())
            {
                if (run.Section(kind) is not { } section) continue;
                for (int page = 0; page < section.Pages; page++) _ = section.Page(page);
            }
        }

        GC.KeepAlive(this);
    }

    /// <summary>A block's page, new each time.</summary>
    public BlockState? Load(in Digest256 digest)
    {
        foreach (RunFile run in _runs) run.AskFilter(in digest);
        return Load(in digest, Speakers(in digest));
    }

    /// <summary>The same, where it is known which runs may speak of the block.</summary>
    public BlockState? Load(in Digest256 digest, RunSet speakers)
    {
        BlockState? page = null;
        for (int at = 0; at < _runs.Length; at++)
        {
            if (!speakers.Has(at)) continue;
            RunSection? section = _runs[at].Section(IndexKind.Cid);
            if (section?.TryFind(Digest256.Bytes(in digest), out ReadOnlySpan<byte> items) == true)
                PageItems.Read(items, page ??= new BlockState());
        }

        GC.KeepAlive(this);
        return page;
    }

    public NameLog? LoadName(string name)
    {
        NameLog? log = null;
        if (_runs.Length == 0) return log;
        byte[] key = IpldText.Utf8.GetBytes(name);
        foreach (RunFile run in _runs)
        {
            if (run.Section(IndexKind.Name)?.TryFind(key, out ReadOnlySpan<byte> changes) == true)
                NameItems.Read(changes, log ??= new NameLog(name));
        }

        GC.KeepAlive(this);
        return log;
    }

    /// <summary>Whether one run alone speaks of a block, and each key there is of what stands. What is false may be
    /// true.</summary>
    public bool IsSaidOnce(in Digest256 digest)
    {
        int count = 0;
        foreach (RunFile run in _runs)
        {
            if (!run.MayHave(in digest)) continue;
            if (++count > 1 || !run.HasOnlyItsKeys) return false;
        }

        return true;
    }

    /// <summary>Keys of one order from one on (null: from the first) and below another (null: to the last).</summary>
    public MergedCursor Open(IndexKind kind, byte[]? low, byte[]? high, bool isDescending, KeyCursor? also = null)
    {
        var cursors = new List<KeyCursor>(_runs.Length + 1);
        foreach (RunFile run in _runs)
        {
            if (run.Section(kind) is { } section) cursors.Add(new RunCursor(section, low, high, isDescending));
        }

        if (also is not null) cursors.Add(also);
        return new MergedCursor([.. cursors], isDescending);
    }

    /// <summary>About how many keys there are.</summary>
    public long Estimate(IndexKind kind, byte[]? low, byte[]? high) =>
        _runs.Sum(run => run.Section(kind)?.Estimate(low ?? [], high) ?? 0);

    /// <summary>Every page but those left out, by its digest.</summary>
    public IEnumerable<KeyValuePair<Digest256, BlockState>> Pages(Predicate<Digest256> isLeftOut)
    {
        MergedCursor cursor = Open(IndexKind.Cid, null, null, isDescending: false);
        while (cursor.Next())
        {
            var digest = new Digest256(cursor.Key);
            if (isLeftOut(digest)) continue;
            var page = new BlockState();
            foreach (int place in cursor.Places) PageItems.Read(cursor.ValueAt(place), page);
            yield return KeyValuePair.Create(digest, page);
        }

        GC.KeepAlive(this);
    }

    /// <summary>Every name but those left out, by its bytes.</summary>
    public IEnumerable<NameLog> Names(Predicate<string> isLeftOut)
    {
        MergedCursor cursor = Open(IndexKind.Name, null, null, isDescending: false);
        while (cursor.Next())
        {
            string name = IpldText.Utf8.GetString(cursor.Key);
            if (isLeftOut(name)) continue;
            var log = new NameLog(name);
            foreach (int place in cursor.Places) NameItems.Read(cursor.ValueAt(place), log);
            yield return log;
        }

        GC.KeepAlive(this);
    }
}
