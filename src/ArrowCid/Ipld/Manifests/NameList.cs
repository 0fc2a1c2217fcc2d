using System.Collections.Immutable;

namespace ArrowCid.Ipld;

/// <summary>Names that travel with a CAR (<c>MANIFESTS.md</c>), sorted.</summary>
internal static class NameList
{
    public const string Kind = "arrowcid/names";

    /// <summary>The most bytes of the node.</summary>
    private const int MaxBytes = 1 << 20;

    /// <summary>The node of names and the blocks that they point to.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.TooLarge"/>: over 1 MiB.</exception>
    public static byte[] Encode(IEnumerable<KeyValuePair<string, Cid>> names)
    {
        byte[] node = DagCbor.Encode(IpldNode.Map(
            ("v", IpldNode.Integer(1)),
            ("kind", IpldNode.Text(Kind)),
            ("names", IpldNode.List([.. names.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair =>
                IpldNode.Map(("cid", IpldNode.Bytes(pair.Value.ToBytes())), ("name", IpldNode.Text(pair.Key))))]))));
        return node.Length <= MaxBytes
            ? node
            : throw new ArrowCidException(ErrorCode.TooLarge, $"the names would have {node.Length} bytes, over 1 MiB");
    }

    /// <summary>Reads a node that may be a list of names.</summary>
    /// <returns>Null where it is none.</returns>
    public static ImmutableArray<KeyValuePair<string, Cid>>? TryDecode(ReadOnlySpan<byte> block)
    {
        if (block.Length > MaxBytes || block.IndexOf("arrowcid/names"u8) < 0) return null;
        try
        {
            IpldNode node = DagCbor.Decode(block);
            if (ManifestNode.KindOf(node) != Kind) return null;
            ImmutableArray<KeyValuePair<string, Cid>>.Builder names =
                ImmutableArray.CreateBuilder<KeyValuePair<string, Cid>>();
            var map = ManifestNode.Of(node, Kind, "names");
            foreach (IpldNode item in map.List("names"))
            {
                var part = ManifestNode.Part(item, Kind, "cid", "name");
                bool isCid = item["cid"] is { Kind: IpldKind.Bytes } bytes &&
                    Cid.TryFromBytes(bytes.AsBytes().Span, out Cid cid, out _) && Add(part.Text("name"), cid);
                if (!isCid) throw map.Refuse("a name points to no CID");
            }

            return names.ToImmutable();

            bool Add(string name, Cid cid)
            {
                names.Add(new(name, cid));
                return true;
            }
        }
        catch (InvalidIpldException)
        {
            return null;
        }
    }
}
