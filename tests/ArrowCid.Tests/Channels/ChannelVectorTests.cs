using ArrowCid.Channels;
using ArrowCid.Signing;
using ArrowCid.Tests.House;
using ArrowCid.Tests.Ipld;
using ArrowCid.Tests.Signing;

namespace ArrowCid.Tests.Channels;

/// <summary>The blocks of CHANNELS.md, which another implementation made.</summary>
public class ChannelVectorTests
{
    private static readonly (string Cid, byte[] Block)[] s_vectors = Read();

    [Fact]
    public void Channels_are_read_and_written_as_the_vectors()
    {
        foreach ((string cid, byte[] block) in s_vectors[..2])
        {
            Assert.Equal(cid, Cid.Sha256(Multicodec.DagCbor, block).ToString());
            Assert.Equal(Hex.Of(block), Hex.Of(ChannelBlock.Decode(block).Encode()));
        }

        Assert.Null(ChannelBlock.Decode(s_vectors[0].Block).Writers);
        using SigningKey key = SigningVectors.Key();
        ChannelBlock signed = ChannelBlock.Decode(s_vectors[1].Block);
        Assert.Equal([key.PublicKey!], signed.Writers!);
        Assert.Equal(2_592_000_000ul, signed.Keep);
    }

    [Fact]
    public void Messages_are_read_and_written_as_the_vectors()
    {
        foreach ((string cid, byte[] block) in s_vectors[2..7])
        {
            var message = MessageBlock.Decode(block);
            Assert.Equal(cid, message.Cid.ToString());
            if (message.Signature is not null) continue;
            Assert.Equal(Hex.Of(block), Hex.Of(MessageBlock.Create(DraftOf(message), null).Bytes.ToArray()));
        }

        Assert.Equal("grpc://10.0.0.5:8815", MessageBlock.Decode(s_vectors[3].Block).Content.Hints.Single().Location);
        Assert.Single(MessageBlock.Decode(s_vectors[4].Block).Lost);
    }

    [Fact]
    public void Signatures_of_the_vectors_hold_and_no_other_byte_does()
    {
        using SigningKey key = SigningVectors.Key();
        PublicKey own = key.PublicKey!;
        foreach ((_, byte[] block) in s_vectors[5..7])
        {
            var message = MessageBlock.Decode(block);
            Assert.True(message.IsSignedBy(own));
            Assert.Equal(ChannelKeys.WriterOf(own), message.Writer);
            var other = MessageBlock.Create(DraftOf(message) with { Sequence = 7 }, key);
            Assert.True(other.IsSignedBy(own));
            Assert.Equal(block.Length, other.Bytes.Length);
        }

        Assert.Equal([own], MessageBlock.Decode(s_vectors[6].Block).Content.Writers);
        Assert.True(BeatBlock.Decode(s_vectors[7].Block).IsSignedBy(own));
        int read = 0;
        byte[] changed = [.. s_vectors[5].Block];
        for (int i = 0; i < changed.Length; i++)
        {
            changed[i] ^= 1;
            try
            {
                var message = MessageBlock.Decode(changed.ToArray());
                read++;
                Assert.False(message.IsSignedBy(own), $"byte {i}");
            }
            catch (ArrowCid.Ipld.InvalidIpldException)
            {
                // It is refused before.
            }

            changed[i] ^= 1;
        }

        Assert.True(read > 100);
    }

    [Fact]
    public void Message_of_eight_bytes_is_small()
    {
        Assert.True(s_vectors[2].Block.Length <= 300);
        Assert.True(s_vectors[5].Block.Length <= 420);
        var one = MessageBlock.Decode(s_vectors[5].Block);
        using SigningKey key = SigningVectors.Key();
        MessageBlock child = MessageBlock.Create(DraftOf(one) with { Parents = [one.Digest] }, key);
        Assert.True(child.Bytes.Length <= 420);
    }

    private static MessageDraft DraftOf(MessageBlock message) => new()
    {
        Channel = message.Channel,
        At = message.At,
        Parents = message.Parents,
        Writer = message.Writer,
        Run = message.Run,
        Sequence = message.Sequence,
        Content = message.Content,
        Lost = message.Lost,
    };

    private static (string Cid, byte[] Block)[] Read()
    {
        var cids = new List<string>();
        var blocks = new List<string>();
        bool isInHex = false;
        foreach (string line in File.ReadAllLines(Repository.PathOf("src/ArrowCid/Channels/CHANNELS.md"))
            .SkipWhile(line => line != "## Vectors"))
        {
            if (line.StartsWith("    cid ", StringComparison.Ordinal)) cids.Add(line[8..]);
            bool isHex = line.StartsWith("    hex ", StringComparison.Ordinal);
            if (isHex && isInHex) blocks[^1] += line[8..];
            else if (isHex) blocks.Add(line[8..]);
            isInHex = isHex;
        }

        return [.. cids.Zip(blocks, (cid, hex) => (cid, Hex.Bytes(hex)))];
    }
}
