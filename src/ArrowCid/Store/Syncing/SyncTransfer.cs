using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Sync;

namespace ArrowCid;

/// <summary>Moves blocks and facts between a store and the other side. Each block that comes is hashed before it is
/// stored.</summary>
/// <param name="end">The store.</param>
/// <param name="link">The other side.</param>
/// <param name="progress">Gets the progress; null: no reports.</param>
/// <param name="items">Gets the blocks that cannot be moved.</param>
/// <param name="pace">How fast blocks are moved.</param>
internal sealed class SyncTransfer(StoreEnd end, SyncLink link, IProgress<SyncProgress>? progress, List<SyncItem> items,
    SyncPace pace)
{
    // Blocks that are asked for, or sent, at once.
    private const int BlocksAtOnce = 1024;

    private readonly HashSet<Digest256> _pulled = [];

    /// <summary>A block that differs, and what the side that has it knows of it.</summary>
    public readonly record struct MissingBlock(Digest256 Digest, SyncDescription About)
    {
        public Cid Cid => Cid.FromSha256(About.Codec == 0 ? Multicodec.Raw : About.Codec, Digest);

        /// <summary>Blocks that others need have a lower rank.</summary>
        public int Rank => (BlockKind)About.Kind switch
        {
            BlockKind.Schema => 0,
            BlockKind.Raw or BlockKind.Unknown => 1,
            BlockKind.Batch => 2,
            BlockKind.View => 3,
            BlockKind.Node or BlockKind.Manifest => 4,
            _ => 5,
        };

        public SyncItem ToItem(SyncOutcome outcome) => new(Cid, About.Length, outcome);
    }

    /// <summary>Whether a block came by this sync.</summary>
    public bool IsPulled(Digest256 digest) => _pulled.Contains(digest);

    /// <summary>Reports the beginning of a step.</summary>
    public void Report(SyncPhase phase) => Report(phase, 0, 0, 0, 0);

    /// <summary>What the other side knows of its blocks; those that it no longer has are missing.</summary>
    public List<MissingBlock> Describe(IReadOnlyList<Digest256> digests)
    {
        const int numbersEach = 4;
        var blocks = new List<MissingBlock>(digests.Count);
        IEnumerable<(Digest256[] Digests, SyncMessage Answer)> answers = link.AskAbout(digests,
            SyncMessageKind.Descriptions, some => SyncMessage.Write(SyncMessageKind.Describe, [], some));
        foreach ((Digest256[] some, SyncMessage answer) in answers)
        {
            if (answer.Numbers.Count != some.Length * numbersEach)
                throw link.Inconsistent("it describes another number of blocks");
            for (int i = 0; i < some.Length; i++)
            {
                int at = i * numbersEach;
                var about = new SyncDescription(answer.Numbers[at], (long)Math.Min(answer.Numbers[at + 1],
                    int.MaxValue), answer.Number(at + 2, FactLimits.MaxBlockKind), answer.Numbers[at + 3]);
                var block = new MissingBlock(some[i], about);
                if (about.LastPut == 0) items.Add(block.ToItem(SyncOutcome.Missing));
                else blocks.Add(block);
            }
        }

        return blocks;
    }

    /// <summary>Whether the other side wants blocks from here. Those that are no longer here are left out.</summary>
    public IEnumerable<(MissingBlock Block, SyncBlockState State)> Offer(IReadOnlyList<Digest256> digests)
    {
        foreach (Digest256[] some in digests.Chunk(SyncLimits.Digests / 2))
        {
            MissingBlock[] blocks = [.. some.Select(digest => new MissingBlock(digest, end.Describe(in digest)))
                .Where(block => block.About.LastPut > 0)];
            if (blocks.Length == 0) continue;
            SyncMessage answer = link.AskOne(SyncMessage.Offer([.. blocks.Select(block => block.Digest)],
                [.. blocks.Select(block => block.About.LastPut)]), SyncMessageKind.States);
            if (answer.Bytes.Length != blocks.Length) throw link.Inconsistent("it answers about other blocks");
            for (int i = 0; i < blocks.Length; i++)
                yield return (blocks[i], (SyncBlockState)answer.Bytes.Span[i]);
        }
    }

    /// <summary>Reads facts of the other side. Those that were not asked for are left out.</summary>
    public IEnumerable<FactItem> ReadFacts(IReadOnlyList<Digest256> digests)
    {
        foreach (Digest256[] some in digests.Chunk(SyncLimits.Digests))
        {
            var asked = some.ToHashSet();
            byte[] request = SyncMessage.Write(SyncMessageKind.ReadFacts, [], some);
            foreach ((_, SyncMessage message) in link.Ask([request]))
            {
                List<FactItem> facts = FactItem.Split(link.Expect(message, SyncMessageKind.Facts).Bytes);
                if (facts.Count == 0) throw link.Inconsistent("it sends facts in a wrong form");
                foreach (FactItem fact in facts)
                {
                    if (!asked.Remove(fact.Digest)) throw link.Inconsistent("it sends facts that were not asked for");
                    yield return fact;
                }
            }
        }
    }

    /// <summary>Sends facts.</summary>
    public (long Taken, long Refused) PushFacts(IReadOnlyCollection<FactItem> facts)
    {
        long taken = 0, refused = 0;
        foreach (byte[] payload in FactItem.Pack(facts))
        {
            SyncMessage answer = link.AskOne(SyncMessage.Write(SyncMessageKind.PutFacts, [], payload),
                SyncMessageKind.FactsTaken);
            (taken, refused) = (taken + (long)answer.Number(0), refused + (long)answer.Number(1));
        }

        return (taken, refused);
    }

    /// <summary>Fetches blocks and stores them.</summary>
    /// <param name="blocks">The blocks.</param>
    /// <param name="stored">Gets the blocks that were just stored, some at a time.</param>
    public (long Blocks, long Bytes) Pull(IReadOnlyList<MissingBlock> blocks, Action<IReadOnlyList<Cid>> stored)
    {
        long count = 0, bytes = 0, total = blocks.Sum(block => block.About.Length);
        foreach (List<MissingBlock> some in Spans(blocks))
        {
            var open = some.ToDictionary(block => block.Digest);
            var put = new List<Cid>();
            byte[] request = SyncMessage.Write(SyncMessageKind.ReadBlocks, [], [.. some.Select(block => block.Digest)]);
            foreach (PartialBlock.Part part in Whole(link.Ask([request]), open))
            {
                _ = open.Remove(part.Digest, out MissingBlock block);
                if (!end.Put(part.Codec, part.Digest, part.Bytes))
                {
                    items.Add(block.ToItem(SyncOutcome.WrongBytes));
                    continue;
                }

                _ = _pulled.Add(part.Digest);
                put.Add(Cid.FromSha256(part.Codec, part.Digest));
                (count, bytes) = (count + 1, bytes + part.Bytes.Length);
                Report(SyncPhase.Pull, count, blocks.Count, bytes, total);
            }

            items.AddRange(open.Values.Select(block => block.ToItem(SyncOutcome.Missing)));
            stored(put);
        }

        return (count, bytes);
    }

    /// <summary>Sends blocks.</summary>
    public (long Blocks, long Bytes) Push(IReadOnlyList<MissingBlock> blocks)
    {
        long count = 0, bytes = 0, total = blocks.Sum(block => block.About.Length);
        foreach (List<MissingBlock> some in Spans(blocks))
        {
            var sent = new List<(MissingBlock Block, int Requests)>();
            var requests = new List<byte[]>();
            foreach (MissingBlock block in some)
            {
                using SyncBlock? read = end.Read(block.Digest);
                if (read is null)
                {
                    items.Add(block.ToItem(SyncOutcome.Missing));
                    continue;
                }

                int first = requests.Count, at = 0;
                do
                {
                    int length = Math.Min(SyncLimits.PartBytes, read.Bytes.Length - at);
                    requests.Add(PartialBlock.Write(SyncMessageKind.PutBlock, block.Digest, read.Codec,
                        read.Bytes.Length, at, read.Bytes.Span.Slice(at, length)));
                    at += length;
                }
                while (at < read.Bytes.Length);
                sent.Add((block, requests.Count - first));
            }

            HashSet<int> refused = Refusals(requests);
            pace.Spend(some.Sum(block => block.About.Length));
            int request = 0;
            foreach ((MissingBlock block, int parts) in sent)
            {
                bool isRefused = Enumerable.Range(request, parts).Any(refused.Contains);
                request += parts;
                if (isRefused)
                {
                    items.Add(block.ToItem(SyncOutcome.Refused));
                    continue;
                }

                (count, bytes) = (count + 1, bytes + block.About.Length);
            }

            Report(SyncPhase.Push, count, blocks.Count, bytes, total);
        }

        return (count, bytes);
    }

    /// <summary>Sends parts of blocks.</summary>
    /// <returns>The requests that were refused because of their block; all else is thrown.</returns>
    private HashSet<int> Refusals(List<byte[]> requests)
    {
        var refused = new HashSet<int>();
        foreach ((int at, SyncMessage message) in link.Ask(requests, mayRefuse: true))
        {
            if (message.Kind != SyncMessageKind.Refused)
            {
                _ = link.Expect(message, SyncMessageKind.States);
                continue;
            }

            ArrowCidException refusal = link.Refused(message);
            if (refusal.Code is not (ErrorCode.InvalidData or ErrorCode.TooLarge)) throw refusal;
            _ = refused.Add(at);
        }

        return refused;
    }

    /// <summary>Puts parts of blocks together.</summary>
    private IEnumerable<PartialBlock.Part> Whole(IEnumerable<(int Request, SyncMessage Message)> answers,
        Dictionary<Digest256, MissingBlock> open)
    {
        PartialBlock? partial = null;
        foreach ((_, SyncMessage message) in answers)
        {
            PartialBlock.Part part = Read(link.Expect(message, SyncMessageKind.Block));
            if (!open.ContainsKey(part.Digest)) throw link.Inconsistent("it sends a block that was not asked for");
            if (part.Offset == 0) partial = new PartialBlock(part);
            if (partial?.TryAdd(part) != true) throw link.Inconsistent("it sends parts of a block in a wrong order");
            pace.Spend(part.Bytes.Length);
            if (!partial.IsWhole) continue;
            yield return part with { Offset = 0, Bytes = partial.Bytes };
            partial = null;
        }
    }

    private PartialBlock.Part Read(SyncMessage message)
    {
        try
        {
            return PartialBlock.Read(message);
        }
        catch (InvalidIpldException e)
        {
            throw new ArrowCidException(ErrorCode.InvalidData, $"{link.Peer.Name}: {e.Message}", e);
        }
    }

    private IEnumerable<List<MissingBlock>> Spans(IReadOnlyList<MissingBlock> blocks)
    {
        var open = new List<MissingBlock>();
        long bytes = 0;
        foreach (MissingBlock block in blocks)
        {
            if (open.Count == BlocksAtOnce || (open.Count > 0 && bytes + block.About.Length > pace.BytesAtOnce))
            {
                yield return open;
                (open, bytes) = ([], 0);
            }

            open.Add(block);
            bytes += block.About.Length;
        }

        if (open.Count > 0) yield return open;
    }

    private void Report(SyncPhase phase, long blocks, long totalBlocks, long bytes, long totalBytes) =>
        progress?.Report(new SyncProgress
        {
            Phase = phase,
            Blocks = blocks,
            TotalBlocks = totalBlocks,
            Bytes = bytes,
            TotalBytes = totalBytes,
        });
}
