using System.Collections.Immutable;

namespace ArrowCid.Ipld;

/// <summary>Signed statements that travel with a CAR (<c>MANIFESTS.md</c>), in the order of their CIDs.</summary>
internal static class StatementList
{
    public const string Kind = "arrowcid/statements";

    private const int MaxBytes = 1 << 26;

    /// <summary>The node that links statements and their signatures.</summary>
    public static byte[] Encode(IEnumerable<(Cid Statement, Cid Signature)> pairs) => DagCbor.Encode(IpldNode.Map(
        ("v", IpldNode.Integer(1)), ("kind", IpldNode.Text(Kind)), ("statements", ToNode(pairs))));

    /// <summary>The list inside of a node.</summary>
    public static IpldNode ToNode(IEnumerable<(Cid Statement, Cid Signature)> pairs) => IpldNode.List([.. pairs
        .Distinct().OrderBy(pair => pair.Statement).ThenBy(pair => pair.Signature).Select(pair => IpldNode.Map(
            ("signature", IpldNode.Link(pair.Signature)), ("statement", IpldNode.Link(pair.Statement))))]);

    /// <summary>Reads a node that may be a list of statements, or a bundle, which has one.</summary>
    /// <param name="block">The block.</param>
    /// <param name="isBundle">Whether it is a bundle.</param>
    /// <returns>Null where it is neither.</returns>
    public static ImmutableArray<(Cid Statement, Cid Signature)>? TryDecode(ReadOnlySpan<byte> block, out bool isBundle)
    {
        isBundle = false;
        bool mayBe = block.Length <= MaxBytes &&
            (block.IndexOf("arrowcid/statements"u8) >= 0 || block.IndexOf("arrowcid/bundle"u8) >= 0);
        if (!mayBe) return null;
        try
        {
            IpldNode node = DagCbor.Decode(block);
            isBundle = ManifestNode.KindOf(node) == BundleManifest.Kind;
            if (isBundle) return BundleManifest.Decode(node).Statements;
            return ManifestNode.KindOf(node) == Kind
                ? Of(ManifestNode.Of(node, Kind, "statements"), Kind)
                : null;
        }
        catch (InvalidIpldException)
        {
            return null;
        }
    }

    /// <summary>The list of a node.</summary>
    public static ImmutableArray<(Cid Statement, Cid Signature)> Of(ManifestNode map, string kind) =>
        [.. map.List("statements").Select(item =>
        {
            var part = ManifestNode.Part(item, kind, "signature", "statement");
            return (part.Link("statement", Multicodec.DagCbor), part.Link("signature", Multicodec.Raw));
        })];
}
