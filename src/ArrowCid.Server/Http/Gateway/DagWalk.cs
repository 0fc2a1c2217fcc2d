using ArrowCid.Ipld;

namespace ArrowCid.Server.Http;

/// <summary>
/// The blocks below the end of a path, depth first, each before those that it links to. The memory is that of the
/// links that are still open, and without duplicates of the CIDs that were given.
/// </summary>
/// <param name="parameters">How far.</param>
/// <param name="given">The blocks on the path, which were given before.</param>
internal sealed class DagWalk(CarParameters parameters, IEnumerable<Cid> given)
{
    private readonly Stack<Step> _open = new();
    private readonly HashSet<Multihash>? _given =
        parameters.Duplicates ? null : given.Select(cid => cid.Hash).ToHashSet();
    private Step _at;

    private enum Part
    {
        /// <summary>Everything below.</summary>
        All,

        /// <summary>A file, or a part of one.</summary>
        File,

        /// <summary>A shard of a directory.</summary>
        Shard,
    }

    /// <summary>Begins below the path's end.</summary>
    public void Begin(Cid end, ReadOnlySpan<byte> bytes)
    {
        if (parameters.Scope == DagScope.Block) return;
        if (parameters.Scope == DagScope.All)
        {
            Push(new Step(end, Part.All, 0, default), bytes);
            return;
        }

        if (end.Codec != Multicodec.DagPb || TryMessage(bytes) is not { } message) return;
        if (message.Kind == UnixFsKind.HamtShard) Push(new Step(end, Part.Shard, 0, default), bytes);
        if (message.Kind is not (UnixFsKind.File or UnixFsKind.Raw)) return;
        long length = (long)(message.FileSize ?? message.BlockSizes.Aggregate(0UL, (sum, size) => sum + size));
        if (parameters.Within(length) is { } range) Push(new Step(end, Part.File, 0, range), bytes);
    }

    /// <summary>The next block; what is below it follows once its bytes were shown (<see cref="Below"/>).</summary>
    public bool TryNext(out Cid cid)
    {
        while (_open.TryPop(out _at))
        {
            cid = _at.Cid;
            if (_given is null || cid.Hash.Code == Multicodec.Identity || _given.Add(cid.Hash)) return true;
        }

        cid = default;
        return false;
    }

    /// <summary>Where the block that was given last begins in its file.</summary>
    public long Start => _at.Start;

    /// <summary>Whether a block has links, so that its bytes are to be shown.</summary>
    public static bool HasLinks(Cid cid) => cid.Codec is Multicodec.DagPb or Multicodec.DagCbor;

    /// <summary>Goes on below the block that was given last.</summary>
    public void Below(ReadOnlySpan<byte> bytes) => Push(_at, bytes);

    private void Push(Step step, ReadOnlySpan<byte> bytes)
    {
        List<Step> below = [];
        if (step.Part == Part.All)
        {
            var links = new List<IpldLink>();
            IpldLinks.Collect(step.Cid.Codec, bytes, links);
            below.AddRange(links.Select(link => new Step(link.Target, Part.All, 0, default)));
        }
        else if (step.Cid.Codec == Multicodec.DagPb)
        {
            DagPbNode node = DagPb.Decode(bytes, IpldReadOptions.Lenient);
            if (step.Part == Part.Shard) below.AddRange(Shards(node));
            else below.AddRange(Parts(step, node));
        }

        for (int i = below.Count - 1; i >= 0; i--) _open.Push(below[i]);
    }

    /// <summary>The shards below a shard have no name after their place.</summary>
    private static IEnumerable<Step> Shards(DagPbNode node)
    {
        const int PlaceLength = 2;
        return node.Links.Where(link => link.Name is { Length: PlaceLength })
            .Select(link => new Step(link.Hash, Part.Shard, 0, default));
    }

    private static IEnumerable<Step> Parts(Step step, DagPbNode node)
    {
        UnixFsNode file = UnixFsReader.FileOf(node, step.Cid);
        long at = step.Start + (file.Data?.Length ?? 0);
        for (int i = 0; i < node.Links.Length; i++)
        {
            long end = at + (long)Math.Min(file.BlockSizes[i], long.MaxValue / 2);
            if (end > step.Range.First && at <= step.Range.Last)
                yield return new Step(node.Links[i].Hash, Part.File, at, step.Range);
            at = end;
        }
    }

    private static UnixFsNode? TryMessage(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return DagPb.Decode(bytes, IpldReadOptions.Lenient).Data is { } data ? UnixFsNode.Decode(data.Span) : null;
        }
        catch (InvalidIpldException)
        {
            // A node of another kind of data: it is an entity of its own.
            return null;
        }
    }

    private readonly record struct Step(Cid Cid, Part Part, long Start, (long First, long Last) Range);
}
