using ArrowCid.Ipld;

namespace ArrowCid;

/// <summary>The result of a command: what it printed, and what that was read as (<c>CALLS.md</c>).</summary>
/// <param name="Exit">The exit code.</param>
/// <param name="Milliseconds">How long it ran.</param>
/// <param name="Format">What the standard output was read as.</param>
/// <param name="Value">The batch, dataset or bytes; null where nothing was printed.</param>
/// <param name="Output">What it printed to its standard output.</param>
/// <param name="Error">What it printed to its standard error.</param>
internal sealed record RunRecord(int Exit, long Milliseconds, string Format, Cid? Value, Cid Output, Cid Error)
{
    private const string Kind = "arrowcid/run";

    public byte[] ToBytes() => DagCbor.Encode(IpldNode.Map(
        ("v", IpldNode.Integer(1)),
        ("kind", IpldNode.Text(Kind)),
        ("exit", IpldNode.Integer(Exit)),
        ("ms", IpldNode.Integer(Milliseconds)),
        ("format", IpldNode.Text(Format)),
        ("value", Value is { } value ? IpldNode.Link(value) : IpldNode.Null),
        ("stdout", IpldNode.Link(Output)),
        ("stderr", IpldNode.Link(Error))));

    /// <summary>Reads the record that a block of a store is; null where it is none, or is not stored.</summary>
    public static RunRecord? TryRead(CidStore store, Cid cid)
    {
        if (cid.Codec != Multicodec.DagCbor) return null;
        try
        {
            return store.Reading.ReadNode(cid) is { } node ? TryRead(node) : null;
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.InvalidData or ErrorCode.BlockCorrupt)
        {
            return null;
        }
    }

    private static RunRecord? TryRead(IpldNode node)
    {
        if (node.Kind != IpldKind.Map || node["v"] is not { Kind: IpldKind.Integer } v || v.AsInteger() != 1 ||
            node["kind"] is not { Kind: IpldKind.Text } kind || kind.AsText() != Kind)
        {
            return null;
        }

        bool isWhole = node["exit"] is { Kind: IpldKind.Integer } & node["ms"] is { Kind: IpldKind.Integer } &
            node["format"] is { Kind: IpldKind.Text } & node["value"] is { Kind: IpldKind.Link or IpldKind.Null } &
            node["stdout"] is { Kind: IpldKind.Link } & node["stderr"] is { Kind: IpldKind.Link };
        if (!isWhole || !node["exit"]!.TryGetInt64(out long exit) || !node["ms"]!.TryGetInt64(out long took))
            return null;
        IpldNode value = node["value"]!;
        return new RunRecord((int)exit, took, node["format"]!.AsText(),
            value.Kind == IpldKind.Null ? null : value.AsLink(), node["stdout"]!.AsLink(), node["stderr"]!.AsLink());
    }
}
