using System.Collections.Immutable;

namespace ArrowCid.Ipld;

/// <summary>The root of an evidence bundle (<c>MANIFESTS.md</c>): all that the file holds.</summary>
/// <param name="Roots">The blocks that the bundle is about.</param>
/// <param name="Blocks">All blocks but this one, in the order of the file.</param>
/// <param name="Statements">The signed statements.</param>
/// <param name="Names">The names that point to blocks of it.</param>
/// <param name="Facts">The metadata of its blocks, for people: nothing proves them.</param>
/// <param name="Files">Files by their names, as raw blocks.</param>
internal sealed record BundleManifest(ImmutableArray<Cid> Roots, ImmutableArray<Cid> Blocks,
    ImmutableArray<(Cid Statement, Cid Signature)> Statements, ImmutableArray<KeyValuePair<string, Cid>> Names,
    IpldNode Facts, ImmutableArray<KeyValuePair<string, Cid>> Files)
{
    public const string Kind = "arrowcid/bundle";

    public byte[] Encode() => DagCbor.Encode(IpldNode.Map(
        ("v", IpldNode.Integer(1)),
        ("kind", IpldNode.Text(Kind)),
        ("facts", Facts),
        ("files", IpldNode.Map([.. Files.Select(file => (file.Key, IpldNode.Link(file.Value)))])),
        ("names", IpldNode.List([.. Names.OrderBy(name => name.Key, StringComparer.Ordinal).Select(name => IpldNode.Map(
            ("cid", IpldNode.Bytes(name.Value.ToBytes())), ("name", IpldNode.Text(name.Key))))])),
        ("roots", Links(Roots)),
        ("blocks", Links(Blocks)),
        ("statements", StatementList.ToNode(Statements))));

    /// <exception cref="InvalidIpldException">It is no bundle.</exception>
    public static BundleManifest Decode(IpldNode node)
    {
        var map = ManifestNode.Of(node, Kind, "facts", "files", "names", "roots", "blocks", "statements");
        return new BundleManifest(
            LinksAt(map, "roots"),
            LinksAt(map, "blocks"),
            StatementList.Of(map, Kind),
            [.. map.List("names").Select(item =>
            {
                var part = ManifestNode.Part(item, Kind, "cid", "name");
                return item["cid"] is { Kind: IpldKind.Bytes } bytes &&
                    Cid.TryFromBytes(bytes.AsBytes().Span, out Cid cid, out _)
                    ? KeyValuePair.Create(part.Text("name"), cid)
                    : throw part.Refuse("a name points to no CID");
            })],
            IpldNode.List([.. map.List("facts")]),
            [.. map.Map("files").Entries.Select(file => file.Value.Kind == IpldKind.Link
                ? KeyValuePair.Create(file.Key, file.Value.AsLink())
                : throw map.Refuse($"the file '{file.Key}' is no link"))]);
    }

    private static IpldNode Links(IEnumerable<Cid> cids) => IpldNode.List([.. cids.Select(IpldNode.Link)]);

    private static ImmutableArray<Cid> LinksAt(ManifestNode map, string key) => [.. map.List(key).Select(item =>
        item.Kind == IpldKind.Link ? item.AsLink() : throw map.Refuse($"'{key}' holds a {item.Kind}, not a Link"))];
}
