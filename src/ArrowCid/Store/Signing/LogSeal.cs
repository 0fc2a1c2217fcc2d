using System.Collections.Immutable;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>What is sealed of a log, as a block of dag-cbor (<c>Signing/SIGNING.md</c>): how far each lane goes,
/// the changes of each name, and the audit trail.</summary>
/// <param name="Store">The store's id.</param>
/// <param name="Milliseconds">The greatest time of a fact, in ms since 1970.</param>
/// <param name="Lanes">The last number of each lane.</param>
/// <param name="Names">The number of changes of each name, and their hash.</param>
/// <param name="Audit">The lists of entries of the audit trail that no seal before has.</param>
/// <param name="AuditFrom">Before this time, in ms since 1970, entries may be gone: the policy did not keep
/// them.</param>
/// <param name="Previous">The seal before, which is kept with this one.</param>
internal sealed record LogSeal(Guid Store, long Milliseconds, ImmutableArray<long> Lanes,
    ImmutableArray<(string Name, long Changes, Digest256 Hash)> Names, ImmutableArray<Cid> Audit,
    long AuditFrom, Cid? Previous)
{
    public const string Kind = "arrowcid/seal";

    public byte[] Encode() => DagCbor.Encode(IpldNode.Map(
        ("v", IpldNode.Integer(1)),
        ("kind", IpldNode.Text(Kind)),
        ("time", IpldNode.Integer(Milliseconds)),
        ("lanes", IpldNode.List([.. Lanes.Select(number => IpldNode.Integer(number))])),
        ("names", IpldNode.List([.. Names.Select(name => IpldNode.Map(("name", IpldNode.Text(name.Name)),
            ("changes", IpldNode.Integer(name.Changes)), ("hash", IpldNode.Bytes(BytesOf(name.Hash)))))])),
        ("audit", IpldNode.List([.. Audit.Select(IpldNode.Link)])),
        ("auditFrom", IpldNode.Integer(AuditFrom)),
        ("store", IpldNode.Bytes(Store.ToByteArray(bigEndian: true))),
        ("previous", Previous is { } previous ? IpldNode.Link(previous) : IpldNode.Null)));

    /// <exception cref="InvalidIpldException">It is no seal.</exception>
    public static LogSeal Decode(ReadOnlySpan<byte> block)
    {
        const int IdBytes = 16;
        IpldNode node = DagCbor.Decode(block);
        var map = ManifestNode.Of(node, Kind, "time", "lanes", "names", "audit", "auditFrom", "store",
            "previous");
        if (node["store"] is not { Kind: IpldKind.Bytes } store || store.AsBytes().Length != IdBytes)
            throw map.Refuse("'store' is no id");
        return new LogSeal(
            new Guid(store.AsBytes().Span, bigEndian: true),
            map.Number("time"),
            [.. map.List("lanes").Select(item => item.Kind == IpldKind.Integer && item.AsInteger() is var number &&
                number >= 0 && number <= long.MaxValue ? (long)number : throw map.Refuse("a lane is no number"))],
            [.. map.List("names").Select(item =>
            {
                var part = ManifestNode.Part(item, Kind, "name", "changes", "hash");
                return item["hash"] is { Kind: IpldKind.Bytes } hash && hash.AsBytes().Length == Digest256.ByteCount
                    ? (part.Text("name"), part.Number("changes"), new Digest256(hash.AsBytes().Span))
                    : throw part.Refuse("'hash' has not 32 bytes");
            })],
            [.. map.List("audit").Select(item => item is { Kind: IpldKind.Link } && item.AsLink() is var list &&
                list.Codec == Multicodec.DagCbor ? list : throw map.Refuse("an item of 'audit' is no link to a node"))],
            map.Number("auditFrom"),
            node["previous"] is null or { Kind: IpldKind.Null } ? null : map.Link("previous", Multicodec.DagCbor));
    }

    /// <summary>The hash of the first changes of a name: of the dag-cbor list of their stamps and targets.</summary>
    public static Digest256 HashOf(IReadOnlyList<NameRecord> changes, long count) =>
        Sha256.Hash(DagCbor.Encode(IpldNode.List([.. changes.Take((int)Math.Min(count, changes.Count)).Select(change =>
            IpldNode.List(
                IpldNode.Integer(change.Stamp.Time),
                IpldNode.Bytes(WriterOf(change.Stamp)),
                change.Target is { } target ? IpldNode.Bytes(target.ToBytes()) : IpldNode.Null))])));

    private static byte[] WriterOf(FactStamp stamp)
    {
        byte[] bytes = new byte[FactStamp.WriterBytes];
        stamp.WriteWriter(bytes);
        return bytes;
    }

    private static byte[] BytesOf(Digest256 digest) => Digest256.Bytes(in digest).ToArray();
}
