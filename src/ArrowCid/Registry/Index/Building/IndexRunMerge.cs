using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>Makes one run of several, key by key. Of what a later word replaced, no key is left.</summary>
internal static class IndexRunMerge
{
    // Beyond this number of replaced blocks, stale keys are kept, each of which costs a lookup.
    private const int MaxReplaced = 1 << 20;

    /// <summary>Writes the run.</summary>
    /// <param name="runs">The runs that it is made of.</param>
    /// <param name="output">Where to.</param>
    /// <param name="store">The store's id.</param>
    /// <param name="number">The run's.</param>
    /// <param name="cancel">Ends it.</param>
    /// <param name="maxReplaced">Blocks of which replaced keys are left out, at most.</param>
    /// <returns>The run's bytes.</returns>
    public static long Write(IReadOnlyList<RunFile> runs, Stream output, Guid store, ulong number,
        CancellationToken cancel, int maxReplaced = MaxReplaced)
    {
        var part = new IndexSnapshot(runs, Cursor.Oldest, IndexTotals.Zero, 0);
        var writer = new RunWriter(output, part.Blocks);
        Dictionary<Digest256, KeyBag> replaced = WritePages(part, writer, maxReplaced, cancel);
        if (!runs.All(run => run.HasOnlyItsKeys)) writer.LeaveKeys();
        WriteNames(part, writer);
        foreach (IndexKind kind in Enum.GetValues<IndexKind>())
        {
            if (kind is IndexKind.Cid or IndexKind.Name || runs.All(run => run.Section(kind) is null)) continue;
            writer.Begin(kind);
            MergedCursor cursor = part.Open(kind, null, null, isDescending: false);
            for (int i = 0; cursor.Next(); i++)
            {
                if ((i & 0xffff) == 0) cancel.ThrowIfCancellationRequested();
                bool isReplaced = replaced.Count > 0 &&
                    replaced.TryGetValue(IndexKey.DigestOf(cursor.Key), out KeyBag? bag) &&
                    bag.Has(kind, cursor.Key[..^Digest256.ByteCount]);
                if (!isReplaced) writer.Add(cursor.Key, default);
            }

            writer.End();
        }

        return writer.Finish(store, number);
    }

    private static Dictionary<Digest256, KeyBag> WritePages(IndexSnapshot part, RunWriter writer,
        int maxReplaced, CancellationToken cancel)
    {
        var replaced = new Dictionary<Digest256, KeyBag>();
        var joined = new RunBuffer();
        var folded = new RunBuffer();
        writer.Begin(IndexKind.Cid);
        MergedCursor cursor = part.Open(IndexKind.Cid, null, null, isDescending: false);
        for (int i = 0; cursor.Next(); i++)
        {
            if ((i & 0xffff) == 0) cancel.ThrowIfCancellationRequested();
            var digest = new Digest256(cursor.Key);
            writer.AddToFilter(in digest);
            if (cursor.Places.Length == 1)
            {
                writer.Add(cursor.Key, cursor.Value);
                continue;
            }

            joined.Clear();
            var before = new KeyBag();
            foreach (int place in cursor.Places)
            {
                joined.Bytes(cursor.ValueAt(place));
                PageItems.Keys(cursor.ValueAt(place), before);
            }

            ReadOnlySpan<byte> items = RunBuilder.Folded(joined.Written, folded);
            writer.Add(cursor.Key, items);
            var after = new KeyBag();
            PageItems.Keys(items, after);
            before.Remove(after);
            if (before.IsEmpty) continue;
            if (replaced.Count < maxReplaced) replaced.Add(digest, before);
            else writer.LeaveKeys();
        }

        writer.End();
        return replaced;
    }

    private static void WriteNames(IndexSnapshot part, RunWriter writer)
    {
        var buffer = new RunBuffer();
        writer.Begin(IndexKind.Name);
        foreach (NameLog log in part.Names(_ => false))
        {
            buffer.Clear();
            NameItems.Write(buffer, log);
            writer.Add(Ipld.IpldText.Utf8.GetBytes(log.Name), buffer.Written);
        }

        writer.End();
    }
}
