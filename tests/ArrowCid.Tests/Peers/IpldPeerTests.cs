using ArrowCid.Ipld;
using ArrowCid.Tests.Ipld;

namespace ArrowCid.Tests.Peers;

/// <summary>The codecs of JavaScript read every block that ours write, and write it again to the same CID.</summary>
public sealed class IpldPeerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("arrowcid-ipld-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [PeerFact(Peer.IpldJs)]
    public void The_JavaScript_codecs_read_our_blocks_and_write_the_same_bytes()
    {
        const int Seeds = 400;
        List<(string Codec, byte[] Block)> blocks = [];
        for (int seed = 0; seed < Seeds; seed++)
        {
            blocks.Add(("dag-cbor", DagCbor.Encode(new RandomNodes(seed, forJavaScript: true).Node())));
            blocks.Add(("dag-pb", DagPb.Encode(new RandomNodes(seed, forJavaScript: true).DagPbNode())));
        }

        blocks.AddRange(DagData.All.Select(d => (d.IsDagPb ? "dag-pb" : "dag-cbor", d.Bytes)));
        PeerResult result = Run(blocks);
        Assert.Equal(
            blocks.Select(b => Cid.Sha256(b.Codec == "dag-pb" ? Multicodec.DagPb : Multicodec.DagCbor, b.Block).ToString()),
            result.Lines);
    }

    // Goal: the check is not blind. Method: blocks that break a rule which the peer keeps too.
    [PeerFact(Peer.IpldJs)]
    public void The_JavaScript_codecs_refuse_what_ours_refuse()
    {
        string[] cbor = ["", "1817", "9f01ff", "a2616101616102", "c001", "d82a4100", "fb7ff8000000000000", "0101", "a10101"];
        string[] pb = ["1200", "1a00", "0a000a00", "0800", "12020a00"];
        List<(string, byte[])> blocks =
            [.. cbor.Select(hex => ("dag-cbor", Hex.Bytes(hex))), .. pb.Select(hex => ("dag-pb", Hex.Bytes(hex)))];
        PeerResult result = Run(blocks);
        Assert.Equal(blocks.Count, result.Lines.Length);
        Assert.All(result.Lines, line => Assert.StartsWith("cannot ", line, StringComparison.Ordinal));
        Assert.All(cbor, hex => Assert.Throws<InvalidIpldException>(() => DagCbor.Decode(Hex.Bytes(hex))));
        Assert.All(pb, hex => Assert.Throws<InvalidIpldException>(() => DagPb.Decode(Hex.Bytes(hex))));
    }

    private PeerResult Run(IEnumerable<(string Codec, byte[] Block)> blocks)
    {
        string path = Path.Combine(_folder, "blocks.txt");
        File.WriteAllLines(path, blocks.Select(b => $"{b.Codec} {Hex.Of(b.Block)}"));
        PeerResult result = PeerProcess.Node("interop/node/check-ipld.mjs", path);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result;
    }
}
