using ArrowCid.Ipld;

namespace ArrowCid.Registry;

/// <summary>What a message of a channel needs: its channel and its contents. Its parents are links too, and stay or go
/// by the channel's retention alone (<c>Channels/CHANNELS.md</c>).</summary>
internal static class MessageNeeds
{
    private const int MostBytes = 1 << 16;

    /// <summary>The links that keep blocks; null where the block is no message.</summary>
    public static List<Cid>? Of(ReadOnlySpan<byte> block)
    {
        if (block.Length > MostBytes || block.IndexOf("arrowcid/channel/message"u8) < 0) return null;
        try
        {
            var reader = new DagCborReader(block);
            if (reader.PeekKind() != IpldKind.Map) return null;
            var needs = new List<Cid>();
            bool isMessage = false;
            DagCborMap map = reader.BeginMap();
            while (reader.NextKey(ref map, out ReadOnlySpan<byte> key))
            {
                if (key.SequenceEqual("kind"u8) && reader.PeekKind() == IpldKind.Text)
                {
                    isMessage = reader.ReadTextBytes().SequenceEqual("arrowcid/channel/message"u8);
                }
                else if (key.SequenceEqual("channel"u8) && reader.PeekKind() == IpldKind.Link)
                {
                    needs.Add(reader.ReadLink());
                }
                else if (key.SequenceEqual("content"u8) && reader.PeekKind() == IpldKind.List)
                {
                    for (int left = reader.BeginList(); left > 0; left--)
                    {
                        if (reader.PeekKind() == IpldKind.Link) needs.Add(reader.ReadLink());
                        else reader.Skip(2);
                    }
                }
                else
                {
                    reader.Skip(1);
                }
            }

            reader.End();
            return isMessage ? needs : null;
        }
        catch (InvalidIpldException)
        {
            return null;
        }
    }
}
