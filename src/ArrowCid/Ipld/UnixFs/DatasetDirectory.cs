using System.Globalization;

namespace ArrowCid.Ipld;

/// <summary>
/// A dataset as a UnixFS directory (<c>MANIFESTS.md</c>): one file per batch, the schema, and the dataset node as a
/// file of raw bytes, so that IPFS tools list and unpack it. It follows from the dataset alone.
/// </summary>
internal sealed class DatasetDirectory
{
    public const string ManifestName = "manifest.cbor";

    private const string SchemaName = "schema.arrows", PageName = "page.cbor";
    private const int LeastDigits = 5;

    private readonly List<(Cid Cid, byte[] Block)> _blocks = [];
    private readonly Dictionary<long, ulong> _sizes = [];
    private readonly string _format;

    private DatasetDirectory(Dataset dataset, long schemaLength)
    {
        int digits = (dataset.Batches.Length - 1).ToString(CultureInfo.InvariantCulture).Length;
        _format = $"D{Math.Max(LeastDigits, digits)}";
        IReadOnlyList<(Cid Cid, byte[] Block)> nodes = dataset.Encode();
        (Dataset, Manifest) = (dataset, nodes[^1].Cid);
        var links = new List<DagPbLink> { LinkTo(SchemaName, dataset.Schema, (ulong)schemaLength) };
        ReadOnlySpan<DatasetBatch> batches = dataset.Batches.AsSpan();
        AddNode(links, ManifestName, nodes[^1]);
        if (nodes.Count == 1) AddFiles(links, batches, 0);
        for (int page = 0; page < nodes.Count - 1; page++)
        {
            int first = page * Dataset.MaxBatches;
            var inner = new List<DagPbLink>();
            AddNode(inner, PageName, nodes[page]);
            AddFiles(inner, batches[first..Math.Min(first + Dataset.MaxBatches, batches.Length)], first);
            (Cid cid, ulong size) = AddDirectory(inner);
            links.Add(LinkTo($"page-{Number(page)}", cid, size));
        }

        Root = AddDirectory(links).Cid;
        // Each block before those that it links to.
        _blocks.Reverse();
    }

    /// <summary>The CID of the directory.</summary>
    public Cid Root { get; }

    /// <summary>The dataset.</summary>
    public Dataset Dataset { get; }

    /// <summary>The CID of the dataset's node, as a node.</summary>
    public Cid Manifest { get; }

    /// <summary>The blocks of the directory itself, its root first: directories, and nodes of the dataset under CIDs of
    /// raw bytes. Schema and batches are not among them.</summary>
    public IReadOnlyList<(Cid Cid, byte[] Block)> Blocks => _blocks;

    /// <summary>The blocks that are nodes of the dataset, the dataset node last.</summary>
    public IEnumerable<Cid> Nodes =>
        _blocks.Select(block => block.Cid).Where(cid => cid.Codec == Multicodec.Raw && cid != FileOf(Manifest))
            .Append(FileOf(Manifest));

    /// <summary>Makes the directory of a dataset.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="schemaLength">The bytes of the schema's block.</param>
    public static DatasetDirectory Of(Dataset dataset, long schemaLength) => new(dataset, schemaLength);

    /// <summary>The CID of raw bytes that a node has as a file.</summary>
    public static Cid FileOf(Cid node) => Cid.Create(Multicodec.Raw, node.Hash);

    private void AddFiles(List<DagPbLink> links, ReadOnlySpan<DatasetBatch> batches, int first)
    {
        for (int i = 0; i < batches.Length; i++)
        {
            DatasetBatch batch = batches[i];
            links.Add(LinkTo($"{Number(first + i)}.arrows", batch.Dag.IsDefault ? batch.Cid : batch.Dag,
                batch.Dag.IsDefault ? (ulong)batch.ByteLength : SizeOf(batch.ByteLength)));
        }
    }

    private void AddNode(List<DagPbLink> links, string name, (Cid Cid, byte[] Block) node)
    {
        Cid file = FileOf(node.Cid);
        _blocks.Add((file, node.Block));
        links.Add(LinkTo(name, file, (ulong)node.Block.Length));
    }

    private (Cid Cid, ulong Size) AddDirectory(List<DagPbLink> links)
    {
        byte[] data = new UnixFsNode { Kind = UnixFsKind.Directory }.Encode();
        byte[] block = DagPb.Encode(new DagPbNode([.. links], data));
        var cid = Cid.Sha256(Multicodec.DagPb, block);
        _blocks.Add((cid, block));
        ulong size = (ulong)block.Length;
        foreach (DagPbLink link in links) size += link.TotalSize!.Value;
        return (cid, size);
    }

    private ulong SizeOf(long length)
    {
        if (_sizes.TryGetValue(length, out ulong known)) return known;
        return _sizes[length] = UnixFsDag.TotalSizeOf(length, UnixFsProfile.V1Of2025);
    }

    private string Number(int number) => number.ToString(_format, CultureInfo.InvariantCulture);

    private static DagPbLink LinkTo(string name, Cid cid, ulong size) =>
        new() { Hash = cid, Name = name, TotalSize = size };
}
