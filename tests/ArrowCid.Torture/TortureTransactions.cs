namespace ArrowCid.Torture;

/// <summary>Blocks that are put together, and whether they are there together afterwards.</summary>
internal static class TortureTransactions
{
    private const int MostBlocks = 12;

    /// <summary>Puts some blocks of the worker's own, and one that all share, in one transaction. What is tried is
    /// announced before, as it may happen without a word.</summary>
    /// <param name="store">The store.</param>
    /// <param name="journal">The worker's journal.</param>
    /// <param name="number">Gives the next number of the worker's own blocks.</param>
    /// <param name="mostBytes">The most bytes of a block.</param>
    /// <param name="random">Draws what is put.</param>
    /// <returns>The blocks of the worker's own, once they are acknowledged.</returns>
    public static IEnumerable<Cid> Put(CidStore store, TortureJournal journal, Func<long> number, int mostBytes,
        Random random)
    {
        int count = random.Next(2, MostBlocks);
        // Random bytes are no batch, so that a CID of raw bytes is theirs.
        byte[][] own = [.. Enumerable.Range(0, count).Select(_ => TortureBlocks.Raw(number(), mostBytes))];
        Cid[] cids = [.. own.Select(bytes => Cid.Sha256(Multicodec.Raw, bytes))];
        byte[] shared = TortureBlocks.Raw(random.Next(TortureWorker.Shared), TortureWorker.SharedBytes);
        journal.Write($"g? {string.Join(' ', cids)}");
        ReadOnlyMemory<byte>[] blocks = [.. own, shared];
        PutResult[] puts = store.PutRawMany(blocks, new PutManyOptions { AllOrNothing = true });
        journal.Write($"p {puts[^1].Cid}");
        return cids;
    }

    /// <summary>Holds every transaction that was tried against the store: none of them is there in part.</summary>
    /// <param name="store">The store, which keeps what was put.</param>
    /// <param name="journals">The workers' journals.</param>
    /// <returns>What is wrong, empty where nothing is.</returns>
    public static IEnumerable<string> Check(CidStore store, IReadOnlyList<string> journals)
    {
        foreach (string journal in journals)
        {
            var gone = TortureJournal.Read(journal).Where(line => line[0] is "r?" or "r")
                .SelectMany(line => line[1..]).ToHashSet();
            foreach (string[] line in TortureJournal.Read(journal).Where(line => line[0] == "g?"))
            {
                // What was removed later, or may have been, says nothing.
                Cid[] cids = [.. line[1..].Where(text => !gone.Contains(text)).Select(text => Cid.Parse(text))];
                int there = cids.Count(store.Contains);
                if (there > 0 && there < cids.Length)
                    yield return $"{there} of {cids.Length} blocks are there that were put together with {line[1]}";
            }
        }
    }
}
