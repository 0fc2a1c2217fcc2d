using System.Collections.Immutable;
using System.Globalization;

namespace ArrowCid.Ipld;

/// <summary>
/// The dataset node (<c>MANIFESTS.md</c>): batches of one schema in order. The same dataset gives the same CID.
/// </summary>
/// <param name="Schema">The CID of the batches' schema.</param>
/// <param name="Batches">The batches in order.</param>
/// <param name="Parents">The datasets that it was made of, in the order given.</param>
/// <param name="Meta">Metadata given by the user.</param>
internal sealed record Dataset(Cid Schema, ImmutableArray<DatasetBatch> Batches, ImmutableArray<Cid> Parents,
    ImmutableSortedDictionary<string, string> Meta)
{
    public const string Kind = "arrowcid/dataset", PageKind = "arrowcid/batches";

    /// <summary>The most bytes of a block that a manifest links to; a larger one is named by bytes.</summary>
    public const int MaxLinked = 1 << 20;

    /// <summary>The most batches of a node or page.</summary>
    public const int MaxBatches = 4096;

    /// <summary>The most bytes of a node.</summary>
    public const int MaxBytes = 1 << 20;

    private const int MaxPages = 8192;

    /// <summary>Rows of all batches.</summary>
    public long Rows => Batches.Sum(batch => batch.Rows);

    /// <summary>Bytes of all blocks.</summary>
    public long ByteLength => Batches.Sum(batch => batch.ByteLength);

    /// <summary>The blocks of the node: pages, where there are any, and the node itself last.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.TooLarge"/>: the node would be over its
    /// limit.</exception>
    public IReadOnlyList<(Cid Cid, byte[] Block)> Encode()
    {
        var blocks = new List<(Cid, byte[])>();
        (string, IpldNode) batches = ("batches", ListOf(Batches.AsSpan()));
        if (Batches.Length > MaxBatches)
        {
            var pages = new List<IpldNode>();
            foreach (DatasetBatch[] page in Batches.Chunk(MaxBatches))
            {
                (Cid cid, byte[] block) = BlockOf(IpldNode.Map(("v", IpldNode.Integer(1)),
                    ("kind", IpldNode.Text(PageKind)), ("batches", ListOf(page))));
                blocks.Add((cid, block));
                pages.Add(IpldNode.Link(cid));
            }

            batches = ("pages", IpldNode.List([.. pages]));
        }

        blocks.Add(BlockOf(IpldNode.Map(
            ("v", IpldNode.Integer(1)),
            ("kind", IpldNode.Text(Kind)),
            ("meta", IpldNode.Map([.. Meta.Select(pair => (pair.Key, IpldNode.Text(pair.Value)))])),
            ("rows", IpldNode.Integer(Rows)),
            ("bytes", IpldNode.Integer(ByteLength)),
            ("schema", IpldNode.Link(Schema)),
            ("parents", IpldNode.List([.. Parents.Select(parent => IpldNode.Bytes(parent.ToBytes()))])),
            batches)));
        return blocks;
    }

    /// <summary>Reads a dataset.</summary>
    /// <param name="node">Its node.</param>
    /// <param name="page">Gets a page by its CID; null where it is not there.</param>
    /// <exception cref="InvalidIpldException">It breaks a rule.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: a page is not there.</exception>
    public static Dataset Decode(IpldNode node, Func<Cid, IpldNode?> page)
    {
        ManifestNode map = ManifestNode.Of(node, Kind,
            "meta", "rows", "bytes", "schema", "parents", "batches", "pages");
        if (map.Has("batches") == map.Has("pages")) throw map.Refuse("either 'batches' or 'pages' is there");
        ImmutableArray<DatasetBatch>.Builder batches = ImmutableArray.CreateBuilder<DatasetBatch>();
        if (map.Has("batches"))
        {
            AddBatches(map, batches);
        }
        else
        {
            IReadOnlyList<IpldNode> pages = map.List("pages");
            if (pages.Count > MaxPages) throw map.Refuse($"over {MaxPages} pages");
            foreach (IpldNode link in pages)
            {
                if (link.Kind != IpldKind.Link) throw map.Refuse("a page is not a link");
                IpldNode read = page(link.AsLink())
                    ?? throw new ArrowCidException(ErrorCode.BlockNotFound, $"no block {link.AsLink()}, a page");
                AddBatches(ManifestNode.Of(read, PageKind, "batches"), batches);
            }

            if (batches.Count <= MaxBatches) throw map.Refuse($"pages hold over {MaxBatches} batches");
        }

        var dataset = new Dataset(map.Link("schema", Multicodec.Raw), batches.DrainToImmutable(),
            [.. map.List("parents").Select(parent => ParentOf(map, parent))],
            map.Map("meta").Entries.ToImmutableSortedDictionary(entry => entry.Key,
                entry => entry.Value.Kind == IpldKind.Text
                    ? entry.Value.AsText()
                    : throw map.Refuse($"the metadata '{entry.Key}' is not text"), StringComparer.Ordinal));
        if (dataset.Rows != map.Number("rows")) throw map.Refuse("'rows' is not the sum of the batches'");
        if (dataset.ByteLength != map.Number("bytes")) throw map.Refuse("'bytes' is not the sum of the batches'");
        return dataset;
    }

    /// <summary>A parent is named, not linked: a dataset is whole without its history.</summary>
    private static Cid ParentOf(ManifestNode map, IpldNode node) => node.Kind == IpldKind.Bytes
        && Cid.TryFromBytes(node.AsBytes().Span, out Cid cid, out _) && cid.Version == 1
        && cid.Codec == Multicodec.DagCbor && cid.Hash.IsSha256
        ? cid
        : throw map.Refuse("a parent is not the CID of a dataset, as bytes");

    private static void AddBatches(ManifestNode map, ImmutableArray<DatasetBatch>.Builder batches)
    {
        IReadOnlyList<IpldNode> list = map.List("batches");
        if (list.Count > MaxBatches) throw map.Refuse($"over {MaxBatches} batches in one node");
        foreach (IpldNode item in list)
        {
            ManifestNode batch = ManifestNode.Part(item, Kind, "cid", "dag", "rows", "bytes");
            long bytes = batch.Number("bytes");
            bool isLinked = bytes <= MaxLinked;
            if (isLinked != batch.IsLink("cid") || isLinked == batch.Has("dag"))
            {
                string form = isLinked ? "linked" : "named by bytes, with its 'dag' linked";
                throw map.Refuse(string.Create(CultureInfo.InvariantCulture,
                    $"a batch of {bytes} bytes is not {form}"));
            }

            batches.Add(isLinked
                ? new DatasetBatch(batch.Link("cid", Multicodec.Raw), batch.Number("rows"), bytes, default)
                : new DatasetBatch(batch.Named("cid", Multicodec.Raw), batch.Number("rows"), bytes,
                    batch.Link("dag", Multicodec.DagPb)));
        }
    }

    private static IpldNode ListOf(ReadOnlySpan<DatasetBatch> batches)
    {
        var items = new IpldNode[batches.Length];
        for (int i = 0; i < items.Length; i++)
        {
            DatasetBatch batch = batches[i];
            (string, IpldNode) rows = ("rows", IpldNode.Integer(batch.Rows));
            (string, IpldNode) bytes = ("bytes", IpldNode.Integer(batch.ByteLength));
            items[i] = batch.ByteLength <= MaxLinked
                ? IpldNode.Map(("cid", IpldNode.Link(batch.Cid)), rows, bytes)
                : IpldNode.Map(("cid", IpldNode.Bytes(batch.Cid.ToBytes())), ("dag", IpldNode.Link(batch.Dag)), rows,
                    bytes);
        }

        return IpldNode.List(items);
    }

    private static (Cid Cid, byte[] Block) BlockOf(IpldNode node)
    {
        byte[] block = DagCbor.Encode(node);
        return block.Length <= MaxBytes
            ? (Cid.Sha256(Multicodec.DagCbor, block), block)
            : throw new ArrowCidException(ErrorCode.TooLarge, string.Create(CultureInfo.InvariantCulture,
                $"a dataset node of {block.Length} bytes; {MaxBytes} at most: less metadata or fewer parents"));
    }
}
