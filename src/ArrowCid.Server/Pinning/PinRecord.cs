using ArrowCid.Ipld;

namespace ArrowCid.Server.Pinning;

/// <summary>A request to pin as a block of dag-cbor. The block of a pinned request links to its root: what points to
/// the block keeps the root and everything beneath it.</summary>
internal static class PinRecord
{
    private const string Kind = "arrowcid/pin";

    /// <summary>Encodes a request. One that is being fetched is written as one that waits: the next process begins
    /// again.</summary>
    /// <param name="request">The request.</param>
    /// <param name="isHere">Whether the root is stored, so that it can be linked to.</param>
    public static byte[] Encode(PinRequest request, bool isHere)
    {
        var links = new List<Cid>();
        if (isHere) links.Add(request.Root);
        if (!request.Replaced.IsDefault && request.State is PinState.Queued or PinState.Pinning)
            links.Add(request.Replaced);
        return DagCbor.Encode(IpldNode.Map(
        [
            ("kind", IpldNode.Text(Kind)),
            ("v", IpldNode.Integer(1)),
            ("id", IpldNode.Text(request.Id)),
            ("cid", IpldNode.Text(request.CidText)),
            ("created", IpldNode.Integer(request.Created)),
            ("name", IpldNode.List(request.Name is { } name ? [IpldNode.Text(name)] : [])),
            ("origins", IpldNode.List([.. request.Origins.Select(IpldNode.Text)])),
            ("meta", IpldNode.Map([.. request.Meta.Select(each => (each.Key, IpldNode.Text(each.Value)))])),
            ("state", IpldNode.Text(request.State switch
            {
                PinState.Pinned => "pinned",
                PinState.Failed => "failed",
                _ => "queued",
            })),
            ("details", IpldNode.Text(request.Details ?? "")),
            ("bytes", IpldNode.Integer(request.Bytes)),
            ("replaced", IpldNode.List(request.Replaced.IsDefault
                ? []
                : [IpldNode.Bytes(request.Replaced.ToBytes())])),
            ("keeps", IpldNode.List([.. links.Select(IpldNode.Link)])),
        ]));
    }

    /// <exception cref="InvalidIpldException">The block is no request to pin.</exception>
    public static PinRequest Decode(IpldNode node)
    {
        var map = ManifestNode.Of(node, Kind, "id", "cid", "created", "name", "origins", "meta", "state", "details",
            "bytes", "replaced", "keeps");
        string text = map.Text("cid"), state = map.Text("state");
        if (!Cid.TryParse(text, out Cid cid, out _)) throw map.Refuse("'cid' is no CID");
        return new PinRequest
        {
            Id = map.Text("id"),
            CidText = text,
            Root = cid.ToV1(),
            Created = map.Number("created"),
            Name = map.Texts("name").FirstOrDefault(),
            Origins = [.. map.Texts("origins")],
            Meta = PinRequest.NoMeta.AddRange(map.Map("meta").Entries.Select(each =>
                KeyValuePair.Create(each.Key, each.Value.Kind == IpldKind.Text
                    ? each.Value.AsText()
                    : throw map.Refuse("'meta' holds no texts")))),
            State = state switch
            {
                "queued" => PinState.Queued,
                "pinned" => PinState.Pinned,
                "failed" => PinState.Failed,
                _ => throw map.Refuse($"the state '{state}' is not known"),
            },
            Details = map.Text("details") is { Length: > 0 } details ? details : null,
            Bytes = map.Number("bytes"),
            Replaced = map.List("replaced") is [{ Kind: IpldKind.Bytes } replaced]
                && Cid.TryFromBytes(replaced.AsBytes().Span, out Cid other, out _) ? other : default,
        };
    }
}
