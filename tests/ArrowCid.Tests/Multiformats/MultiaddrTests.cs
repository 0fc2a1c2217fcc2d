namespace ArrowCid.Tests.Multiformats;

public sealed class MultiaddrTests
{
    private const string Peer = "QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC";

    // The bytes are those of the examples of multiaddr's text and of go-multiaddr's tests.
    [Theory]
    [InlineData("/ip4/127.0.0.1/udp/1234", "047f000001910204d2")]
    [InlineData("/ip4/127.0.0.1/tcp/4321", "047f0000010610e1")]
    [InlineData("/ip4/127.0.0.1/udp/1234/ip4/127.0.0.1/tcp/4321", "047f000001910204d2047f0000010610e1")]
    [InlineData("/ip6/2001:8a0:7ac5:4201:3ac9:86ff:fe31:7095/tcp/8000", "29200108a07ac542013ac986fffe317095061f40")]
    [InlineData("/ip6/::/udp/0", "290000000000000000000000000000000091020000")]
    [InlineData("/dns/example.com/tcp/443/https", "350b6578616d706c652e636f6d0601bbbb03")]
    [InlineData("/dns4/example.com/tcp/80/http", "360b6578616d706c652e636f6d060050e003")]
    [InlineData("/dns6/example.com/tls/http", "370b6578616d706c652e636f6dc003e003")]
    [InlineData("/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC", "a503221220d52ebb89d85b02a284948203a62ff28389c57c9f42beec4ec20db76a68911c0b")]
    [InlineData("/unix/%2Ftmp%2Fp2p.sock", "9003" + "0d2f746d702f7032702e736f636b")]
    [InlineData("/dns/a.com/tcp/443/tls/http/http-path/foo%2Fbar", "3505612e636f6d0601bbc003e003e10307666f6f2f626172")]
    public void Text_and_bytes_are_those_of_the_specification(string text, string hex)
    {
        var address = Multiaddr.Parse(text);
        Assert.Equal(hex, Convert.ToHexStringLower(address.Bytes.Span));
        var read = Multiaddr.FromBytes(Convert.FromHexString(hex));
        Assert.Equal((text, address), (read.ToString(), read));
    }

    [Theory]
    [InlineData("/ip4/1.2.3.4/tcp/80/", "/ip4/1.2.3.4/tcp/80")]
    [InlineData("/ip6/2001:0db8:0:0:0:0:0:1", "/ip6/2001:db8::1")]
    [InlineData("/unix/tmp/a/b.sock", "/unix/%2Ftmp%2Fa%2Fb.sock")]
    [InlineData("/unix/%2ftmp%2fa.sock/tls/http", "/unix/%2Ftmp%2Fa.sock/tls/http")]
    [InlineData("/http-path/caf%c3%a9", "/http-path/caf%C3%A9")]
    [InlineData("/ipfs/" + Peer, "/p2p/" + Peer)]
    [InlineData("/p2p/bafzbeigvf25ytwc3akrijfecaotc74udrhcxzh2cx3we5qqnw5vgrei4bm", "/p2p/" + Peer)]
    public void Other_spellings_give_the_canonical_text(string text, string canonical) =>
        Assert.Equal((canonical, Multiaddr.Parse(canonical)), (Multiaddr.Parse(text).ToString(), Multiaddr.Parse(text)));

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("ip4/1.2.3.4")]
    [InlineData("/ip4")]
    [InlineData("/ip4/")]
    [InlineData("/ip4/127.1")]
    [InlineData("/ip4/::1")]
    [InlineData("/ip4/256.1.1.1")]
    [InlineData("/ip6/1.2.3.4")]
    [InlineData("/ip6/fe80::1%eth0")]
    [InlineData("/ip6/[::1]")]
    [InlineData("/ip4/1.2.3.4/tcp/65536")]
    [InlineData("/ip4/1.2.3.4/tcp/-1")]
    [InlineData("/ip4/1.2.3.4/tcp/080")]
    [InlineData("/ip4/1.2.3.4/sctp/1")]
    [InlineData("/ip4/1.2.3.4//tcp/1")]
    [InlineData("/http-path/invalid%path")]
    [InlineData("/http-path/%ff")]
    [InlineData("/p2p/QmNothing")]
    [InlineData("/p2p/bafkqaaa")]
    [InlineData("/unix/%2F")]
    public void Text_that_is_no_multiaddr_is_refused(string text) =>
        Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ArrowCidException>(() => Multiaddr.Parse(text)).Code);

    [Theory]
    [InlineData("")]
    [InlineData("047f0000")]
    [InlineData("06")]
    [InlineData("840100ff")]
    [InlineData("350b6578")]
    [InlineData("3500")]
    [InlineData("3502612f")]
    [InlineData("3501ff")]
    [InlineData("a503021220")]
    [InlineData("9003026162")]
    [InlineData("8400")]
    [InlineData("ffffffffffffffffffff01")]
    [InlineData("35ffffffffffffffff7f61")]
    public void Bytes_that_are_no_multiaddr_are_refused(string hex) => Assert.Equal(ErrorCode.InvalidArgument,
        Assert.Throws<ArrowCidException>(() => Multiaddr.FromBytes(Convert.FromHexString(hex))).Code);

    // Goal: no bytes end in anything but an address or that error, and an address survives. Method: changed valid ones.
    [Fact]
    public void Changed_bytes_are_an_address_or_refused()
    {
        const int Seed = 20261123, Rounds = 20_000;
        var random = new Random(Seed);
        byte[][] valid = [.. new[]
        {
            "/ip4/1.2.3.4/tcp/80/http", "/ip6/::1/udp/5", "/dns/a.b/tcp/443/tls/http/http-path/a%2Fb", "/unix/%2Fa/http", $"/p2p/{Peer}",
        }.Select(text => Multiaddr.Parse(text).Bytes.ToArray())];
        int read = 0;
        for (int round = 0; round < Rounds; round++)
        {
            byte[] bytes = [.. valid[random.Next(valid.Length)]];
            for (int i = random.Next(3); i >= 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                var address = Multiaddr.FromBytes(bytes);
                Assert.True(Multiaddr.Parse(address.ToString()).Equals(address), $"seed {Seed}, round {round}: {address}");
                read++;
            }
            catch (ArrowCidException e) when (e.Code == ErrorCode.InvalidArgument)
            {
                // Most are none.
            }
        }

        Assert.True(read > Rounds / 20, $"seed {Seed}: only {read} were addresses");
    }

    [Fact]
    public void Address_has_its_protocols()
    {
        var address = Multiaddr.Parse("/dns/a.com/tcp/443/tls/http");
        Assert.True(address.Has("TLS") && address.Has("tcp") && !address.Has("https") && !address.Has("a.com"));
        Assert.Equal(["a.com", "443", "", ""], address.Parts.Select(part => part.Value));
    }
}
