namespace ArrowCid.Tests.Multiformats;

public class CidGoldenTests
{
    [Theory]
    [InlineData(null, Known.HelloText)]
    [InlineData("", Known.HelloText)]
    [InlineData("G", Known.HelloText)]
    [InlineData("b", Known.HelloText)]
    [InlineData("B", "BAFKREIFZJUT3TE2NHYEKKLSS27NH3K72YSCO7Y32KOAO5EEI66WOF36N5E")]
    [InlineData("k", "k2cwued9o1pvrt3q271rrqbo49x30tbxwpoeaq75z14e5ui2rzygpbe1")]
    [InlineData("K", "K2CWUED9O1PVRT3Q271RRQBO49X30TBXWPOEAQ75Z14E5UI2RZYGPBE1")]
    [InlineData("z", "zb2rhj7crUKTQYRGCRATFaQ6YFLTde2YzdqbbhAASkL9uRDXn")]
    [InlineData("m", "mAVUSILlNJ7mTTT4IpS5S19p9q/rEhO/jelOA7pCI96zi783p")]
    [InlineData("u", "uAVUSILlNJ7mTTT4IpS5S19p9q_rEhO_jelOA7pCI96zi783p")]
    [InlineData("f", "f" + Known.HelloHex)]
    [InlineData("F", "F01551220B94D27B9934D3E08A52E52D7DA7DABFAC484EFE37A5380EE9088F7ACE2EFCDE9")]
    [InlineData("c", "cafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e======")]
    [InlineData("M", "MAVUSILlNJ7mTTT4IpS5S19p9q/rEhO/jelOA7pCI96zi783p")]
    public void Hello_world_has_the_text_that_others_give_it_and_reads_back(string? format, string text)
    {
        Assert.Equal(text, Known.Hello.ToString(format));
        Assert.Equal(Known.Hello, Cid.Parse(text));
        Assert.Equal(Known.Hello, Cid.Parse(System.Text.Encoding.ASCII.GetBytes(text)));
        Assert.Equal(Known.Hello, (Cid)text);
    }

    [Fact]
    public void Hello_world_has_the_bytes_that_others_give_it()
    {
        Assert.Equal(Known.HelloHex, Convert.ToHexStringLower(Known.Hello.ToBytes()));
        Assert.Equal(Known.Hello, Cid.FromBytes(Known.Hex(Known.HelloHex)));
        Assert.Equal(36, Known.Hello.ByteLength);
        Assert.Equal((1, Multicodec.Raw), (Known.Hello.Version, Known.Hello.Codec));
        Assert.False(Known.Hello.IsTruncated);
    }

    [Fact]
    public void Version_0_of_hello_world_is_the_same_content()
    {
        Cid v0 = Cid.Parse(Known.HelloV0);
        Assert.Equal((0, Multicodec.DagPb, 34), (v0.Version, v0.Codec, v0.ByteLength));
        Assert.Equal("bafybeifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e", v0.ToV1().ToString());
        Assert.Equal(v0, v0.ToV1().ToV0());
        Assert.NotEqual(v0, v0.ToV1());
        Assert.Equal(Known.Hello, v0.WithCodec(Multicodec.Raw));
        Assert.Equal(v0, Known.Hello.WithCodec(Multicodec.DagPb).ToV0());
        Assert.Equal(Known.HelloV0, v0.ToString());
        Assert.Equal(v0, Cid.FromBytes(v0.ToBytes()));
        Assert.Equal("1220" + Known.HelloHex[8..], Convert.ToHexStringLower(v0.ToBytes()));
    }

    [Theory]
    [InlineData("bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku", Multicodec.Raw, "")]
    [InlineData("bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354", Multicodec.DagPb, "0a020801")]
    [InlineData("bafybeif7ztnhq65lumvvtr4ekcwd2ifwgm3awq4zfr3srh462rwyinlb4y", Multicodec.DagPb, "0a0408021800")]
    public void Well_known_blocks_have_their_well_known_CIDs(string text, ulong codec, string hex)
    {
        Cid cid = Cid.Sha256(codec, Known.Hex(hex));
        Assert.Equal(text, cid.ToString());
        Assert.Equal(cid, Cid.Parse(text));
        Assert.Equal(HashVerification.Match, cid.Hash.Verify(Known.Hex(hex)));
    }

    [Fact]
    public void The_empty_directory_of_version_0_is_the_empty_directory_of_version_1() => Assert.Equal(
        "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354",
        Cid.Parse("QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn").ToV1().ToString());

    [Fact]
    public void The_identity_of_nothing_is_bafkqaaa()
    {
        var cid = Cid.Create(Multicodec.Raw, Multihash.Create(Multicodec.Identity, []));
        Assert.Equal("bafkqaaa", cid.ToString());
        Assert.Equal(cid, Cid.Parse("bafkqaaa"));
        Assert.Equal(cid, Cid.Create(Multicodec.Raw, default));
        Assert.Equal("01550000", Convert.ToHexStringLower(cid.ToBytes()));
        Assert.False(cid.IsDefault);
    }

    [Fact]
    public void The_store_takes_the_digest_out_and_puts_it_back_in()
    {
        Assert.True(Known.Hello.TryGetSha256(out Memory.Digest256 digest));
        Assert.Equal(Known.HelloHex[8..], digest.ToString());
        Assert.Equal(Known.Hello, Cid.FromSha256(Multicodec.Raw, digest));
        Assert.True(Cid.Parse(Known.HelloV0).TryGetSha256(out Memory.Digest256 same));
        Assert.Equal(digest, same);
        Assert.False(default(Cid).TryGetSha256(out _));
        Assert.False(Cid.Parse("bafkqaaa").TryGetSha256(out _));
        Assert.False(Cid.Create(Multicodec.Raw, Multihash.Create(Multicodec.Sha256, new byte[31])).TryGetSha256(out _));
        Assert.False(Cid.Create(Multicodec.Raw, Multihash.Create(Multicodec.Blake3, new byte[32])).TryGetSha256(out _));
    }
}
