using ArrowCid.Ipld.Car;
using ArrowCid.Tests.Storage;
using ArrowCid.Tests.Store;
using ArrowCid.Transfer;

namespace ArrowCid.Tests.Ipld.Car;

/// <summary>Filecoin piece commitments: the vectors are those of @web3-storage/data-segment 5.3.0.</summary>
public sealed class PieceTests
{
    [Theory]
    [InlineData(0, 128, "bafkzcibcp4bdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy")]
    [InlineData(1, 128, "bafkzcibcpybdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy")]
    [InlineData(64, 128, "bafkzcibch4bdt5tghuy347etcea76egejkomqaraqe45ivpq6zypotfwn5glaoy")]
    [InlineData(65, 128, "bafkzcibchyblinvgwikizdfm6yzbe7a5sufdkicvi5mbf4wqn4j2tjyjlgi4idy")]
    [InlineData(126, 128, "bafkzcibcaebhmtmdbsjvgb4p2oiaflzn3cxrzuawxggfk4umdezlemtxqp7rydy")]
    [InlineData(127, 128, "bafkzcibcaabo4mf4gr2pzcueudwspkyst24xey4ul3x2dzp6phph4q7dc6acgha")]
    [InlineData(128, 256, "bafkzcibcpyb7yhfwz5ft2nejrprwi5axyox3sygfmji7makjptqqkpwlqoeo6oy")]
    [InlineData(253, 256, "bafkzcibcaeb5wx4oh3fimqrrmwy6iborpkmyfzrpxzjfhff5hodaivax264jsha")]
    [InlineData(254, 256, "bafkzcibcaabuwodfdjqflblrd7bosvb42e4yxw6jsberj2vq2uiu7nvtu5jv4fq")]
    [InlineData(255, 512, "bafkzcibd7uaqjrjfzgz6tr5vj5vgprejel2ffv7d5ockypd32ql4vvl5u7myj3z7")]
    [InlineData(507, 512, "bafkzcibcaecbrpbjndzbu2v4u5dseneoi6gyjuag3l2s2vlbjzfgdgkjyiae2hy")]
    [InlineData(508, 512, "bafkzcibcaacdledmjx2tmn2yycxfhsppwhvc4wkilmoiu6xd2abllv3ix5xxuaa")]
    [InlineData(509, 1024, "bafkzcibd7mbqlaqfacjj7tug4mial4mogbgc2rc4h76spn7rfrjxbtq3njxchqjy")]
    [InlineData(4063, 4096, "bafkzcibcaed6nkbacrf3hf5ig6uos23klwojojazvrowtabtvlmqedeuijhxafq")]
    [InlineData(4064, 4096, "bafkzcibcaad6nkbacrf3hf5ig6uos23klwojojazvrowtabtvlmqedeuijhxafq")]
    [InlineData(4065, 8192, "bafkzcibd34pqqrbtcqrpxh67hemv3l6jjmezul6p7cedfwhzarvowvhf5p4spqyb")]
    [InlineData(32511, 32768, "bafkzcibcaefpsgou4gpyl5vz4bjtybc6pizmys3atzsolrhw3onf7aelszo2sma")]
    [InlineData(32512, 32768, "bafkzcibcaafk4osujqgpr4b2lapkrsphh6mswrrhl6qpkul2ubxd6rlb322sgja")]
    [InlineData(32513, 65536, "bafkzcibe776qcc7p6vetzseb7d4ioivrstjl5apxoy5xmja7uagwipv2aic5z3gohy")]
    [InlineData(65023, 65536, "bafkzcibcaef5rlaexn2ut64fzhilbtbb32gginlellqp5lpu6isfgvqgldvswcq")]
    [InlineData(65024, 65536, "bafkzcibcaafqao4lostpkwvfcu64bzfyvzb3gymqfb7ddjl6b7x7ge6vrf2lmeq")]
    [InlineData(65025, 131072, "bafkzcibe775qgdh35mn6wgghtkzx3m4cmfjibduffyq6jc7ahd2quy5yggmcoscche")]
    [InlineData(97536, 131072, "bafkzcibeqd7acdgyufsxhzy2ewqnvxp4x3stihudzq2ulfkffm4zn4mfp7zd23bfea")]
    [InlineData(130047, 131072, "bafkzcibcaegkbmflyg4xoclayoxyohs6q6i2tc7s65gncb6ecuuxwahiosdkomq")]
    [InlineData(130048, 131072, "bafkzcibcaaga5khcu6dcz7ctih3nijsbmjyox46htz2ia65m3mmrym7zyiwi2cy")]
    [InlineData(130049, 262144, "bafkzcibe773qodjzmsrcrw7566tilhf43oqpwratrnwdx6f5ysw74bwvx45y3dapci")]
    [InlineData(1040383, 1048576, "bafkzcibcaeht5dxl7voc4mki4ajjq5z4mwsjdbwhjv4hes7tov2nzngr7eplujy")]
    [InlineData(1040384, 1048576, "bafkzcibcaahsifpnhyf3ozxbhsjtt5nydxxfty5muksvkcyjzbqwdgepgbvlola")]
    [InlineData(1040385, 2097152, "bafkzcibe767t6eczpbmqxiks6yo4vsniorpzivgj4rml5liz6cpqoffds4xsmk34ae")]
    [InlineData(1048576, 2097152, "bafkzcibeqcad6eh3nzewtso6n7fzcgjpt7oswxzi53j67qc2jmfla7eh5qy6omzkhu")]
    public void Commitment_is_that_of_the_peers_around_every_edge(int length, long paddedSize, string cid)
    {
        var piece = PieceCommitment.Compute(new MemoryStream(UnixFsDagTests.Pattern(length)));
        Assert.Equal((cid, paddedSize, (long)length), (piece.CidV2.ToString(), piece.PaddedSize, piece.PayloadLength));
        // The tree's root is the end of both.
        Assert.Equal(piece.CidV2.Hash.Digest[^32..], piece.Cid.Hash.Digest);
    }

    [Fact]
    public void Commitment_has_the_piece_CID_that_deals_name()
    {
        var piece = PieceCommitment.Compute(new MemoryStream(UnixFsDagTests.Pattern(1 << 20)));
        Assert.Equal("baga6ea4seaqpw3sjnhe5436lsems7h65fnpsr3wt57afusykwb6ip3br44zsupi", piece.Cid.ToString());
        Assert.Equal((Multicodec.FilCommitmentUnsealed, Multicodec.Sha256Trunc254Padded), (piece.Cid.Codec, piece.Cid.Hash.Code));
    }

    // Zeros after the payload are what padding is made of.
    [Theory]
    [InlineData(1, 256)]
    [InlineData(127, 256)]
    [InlineData(254, 1024)]
    [InlineData(100_000, 1 << 20)]
    [InlineData(130_048, 1 << 21)]
    public void Commitment_of_a_larger_piece_is_that_of_the_payload_with_zeros(int length, int paddedSize)
    {
        byte[] payload = UnixFsDagTests.Pattern(length);
        byte[] filled = new byte[paddedSize / 128 * 127];
        payload.CopyTo(filled, 0);
        var larger = PieceCommitment.Compute(new MemoryStream(payload), paddedSize);
        var whole = PieceCommitment.Compute(new MemoryStream(filled));
        Assert.Equal((whole.Cid, whole.PaddedSize), (larger.Cid, larger.PaddedSize));
        Assert.NotEqual(whole.CidV2, larger.CidV2);
    }

    [Fact]
    public void Commitment_does_not_depend_on_how_the_payload_arrives()
    {
        const int Seed = 20261123;
        byte[] payload = UnixFsDagTests.Pattern(200_000);
        var random = new Random(Seed);
        var hasher = new PieceHasher();
        for (int at = 0; at < payload.Length;)
        {
            int count = Math.Min(random.Next(0, 3000), payload.Length - at);
            hasher.Append(payload.AsSpan(at, count));
            at += count;
        }

        Assert.Equal(PieceCommitment.Compute(new MemoryStream(payload)), PieceCommitment.Of(hasher, 0));
    }

    [Theory]
    [InlineData(1, ErrorCode.InvalidArgument)]
    [InlineData(64, ErrorCode.InvalidArgument)]
    [InlineData(3000, ErrorCode.InvalidArgument)]
    [InlineData(-128, ErrorCode.InvalidArgument)]
    [InlineData(1L << 61, ErrorCode.InvalidArgument)]
    [InlineData(512, ErrorCode.TooLarge)]
    public void Commitment_is_refused_for_a_size_that_no_piece_of_the_payload_has(long paddedSize, ErrorCode code)
    {
        var payload = new MemoryStream(new byte[509]);
        Assert.Equal(code, Assert.Throws<ArrowCidException>(() => PieceCommitment.Compute(payload, paddedSize)).Code);
    }

    [Fact]
    public void Export_computes_the_commitment_of_the_CAR_that_it_writes()
    {
        using var directory = new TemporaryStore();
        using var store = CidStore.Open(directory.Directory);
        Cid cid = store.Put(CarTests.Numbers(200_000, 1)).Cid;
        var car = new MemoryStream();
        CarExport made = store.Transfer.ExportCar([cid], car, new CarExportOptions { PieceSize = 4 << 20 });
        Assert.Equal(PieceCommitment.Compute(new MemoryStream(car.ToArray()), 4 << 20), made.Piece);
        Assert.Equal(car.Length, made.Piece!.PayloadLength);
        Assert.Null(store.Transfer.ExportCar([cid], new MemoryStream()).Piece);
        Assert.Equal(ErrorCode.Unsupported, Assert.Throws<ArrowCidException>(() => store.Transfer.ExportCar([cid], new MemoryStream(),
            new CarExportOptions { PieceSize = 0, Version = 2 })).Code);
    }
}
