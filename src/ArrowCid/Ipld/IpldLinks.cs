namespace ArrowCid.Ipld;

/// <summary>The links of blocks, without nodes.</summary>
internal static class IpldLinks
{
    /// <summary>Whether links of a codec are known: of raw bytes that there are none.</summary>
    public static bool AreKnown(ulong codec) =>
        codec is Multicodec.Raw or Multicodec.DagPb or Multicodec.DagCbor;

    /// <summary>Adds the links of a block, in order.</summary>
    /// <exception cref="InvalidIpldException">The block is not of its codec; the links up to the fault are
    /// there.</exception>
    public static void Collect(ulong codec, ReadOnlySpan<byte> block, List<IpldLink> links)
    {
        if (codec == Multicodec.DagPb)
        {
            foreach (DagPbLink link in DagPb.Decode(block, IpldReadOptions.Lenient).Links)
                links.Add(new IpldLink(link.Hash));
        }
        else if (codec == Multicodec.DagCbor)
        {
            var reader = new DagCborReader(block, IpldReadOptions.Lenient);
            Collect(ref reader, links, 0);
            reader.End();
        }
    }

    private static void Collect(ref DagCborReader reader, List<IpldLink> links, int depth)
    {
        switch (reader.PeekKind())
        {
            case IpldKind.Link: links.Add(new IpldLink(reader.ReadLink())); break;
            case IpldKind.List:
                reader.CheckDepth(depth);
                for (int left = reader.BeginList(); left > 0; left--) Collect(ref reader, links, depth + 1);
                break;
            case IpldKind.Map:
                reader.CheckDepth(depth);
                CollectMap(ref reader, links, depth);
                break;
            default: reader.Skip(depth); break;
        }
    }

    private static void CollectMap(ref DagCborReader reader, List<IpldLink> links, int depth)
    {
        DagCborMap map = reader.BeginMap();
        Cid named = default;
        while (reader.NextKey(ref map, out ReadOnlySpan<byte> key))
        {
            if (key.SequenceEqual("cid"u8) && reader.PeekKind() == IpldKind.Bytes)
            {
                // Bytes that are no CID are just bytes.
                _ = Cid.TryFromBytes(reader.ReadBytes(), out named, out _);
            }
            else if (key.SequenceEqual("dag"u8) && !named.IsDefault && reader.PeekKind() == IpldKind.Link)
            {
                links.Add(new IpldLink(reader.ReadLink(), named));
            }
            else
            {
                Collect(ref reader, links, depth + 1);
            }
        }
    }
}
