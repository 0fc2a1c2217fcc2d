using System.Collections.Immutable;
using System.Globalization;

namespace ArrowCid.Ipld;

/// <summary>
/// The column manifests of a dataset (<c>MANIFESTS.md</c>): for each batch in order its column manifest, or the batch
/// itself where that is small. Its CID covers all of them, so that a reader who has it proves every column.
/// </summary>
/// <param name="Dataset">The dataset's CID.</param>
/// <param name="Parts">Of each batch the manifest, or the batch.</param>
internal sealed record ColumnSet(Cid Dataset, ImmutableArray<Cid> Parts)
{
    public const string Kind = "arrowcid/dataset-columns";

    private const int MaxBytes = 1 << 20;

    /// <summary>The node's block.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.TooLarge"/>: over 1 MiB.</exception>
    public (Cid Cid, byte[] Block) Encode()
    {
        byte[] block = DagCbor.Encode(IpldNode.Map(
            ("v", IpldNode.Integer(1)),
            ("kind", IpldNode.Text(Kind)),
            ("parts", IpldNode.List([.. Parts.Select(IpldNode.Link)])),
            ("dataset", IpldNode.Bytes(Dataset.ToBytes()))));
        return block.Length <= MaxBytes
            ? (Cid.Sha256(Multicodec.DagCbor, block), block)
            : throw new ArrowCidException(ErrorCode.TooLarge, string.Create(CultureInfo.InvariantCulture,
                $"the list of column manifests of {Dataset} would have {block.Length} bytes, {MaxBytes} at most"));
    }

    /// <summary>Reads a node.</summary>
    /// <exception cref="InvalidIpldException">It breaks a rule.</exception>
    public static ColumnSet Decode(IpldNode node)
    {
        ManifestNode map = ManifestNode.Of(node, Kind, "parts", "dataset");
        ImmutableArray<Cid>.Builder parts = ImmutableArray.CreateBuilder<Cid>();
        foreach (IpldNode item in map.List("parts"))
        {
            Cid cid = item.Kind == IpldKind.Link ? item.AsLink() : throw map.Refuse("a part is not a link");
            bool isPart = cid.Version == 1 && cid.Codec is Multicodec.Raw or Multicodec.DagCbor && cid.Hash.IsSha256;
            if (!isPart) throw map.Refuse($"a part is neither a batch nor a column manifest: {cid}");
            parts.Add(cid);
        }

        return parts.Count > 0
            ? new ColumnSet(map.Named("dataset", Multicodec.DagCbor), parts.DrainToImmutable())
            : throw map.Refuse("there is no part");
    }
}
