using System.Net;

namespace ArrowCid.Tests.Flight.Http;

/// <summary>
/// The cases of ipfs/gateway-conformance that its fixtures here allow, asserted anew: each with <c>?format=</c> and
/// with
/// <c>Accept</c>, and with HEAD.
/// </summary>
/// <remarks>
/// <list type="table">
/// <item><term>trustless_gateway_raw</term><description>all: block, headers, file name, caching,
/// ranges</description></item>
/// <item><term>trustless_gateway_car: pathing, dag-scope</term><description>all but those through HAMT directories and
/// from a
/// directory into dag-cbor (no fixture)</description></item>
/// <item><term>trustless_gateway_car: entity-bytes</term><description>all but the file with a missing block and the
/// HAMT
/// directory (no fixture)</description></item>
/// <item><term>trustless_gateway_car: order and duplicates, precedence</term><description>all; duplicates of a manifest
/// in
/// place of those of a directory (no fixture): <see cref="CarScopeTests"/></description></item>
/// <item><term>trustless_gateway_ipns</term><description>none: no IPNS here, 404 and 406</description></item>
/// <item><term>path_gateway_raw, path_gateway_cors</term><description>all; several ranges give the
/// whole</description></item>
/// <item><term>path_gateway_dag</term><description>refused conversions (406), native dag-cbor, paths in it (404, 501);
/// its
/// HTML and dag-json are not made here</description></item>
/// <item><term>path_gateway_unixfs, _ipfs_uri</term><description>caching, ranges, Ipfs-Uri; no listings, no
/// redirects</description></item>
/// <item><term>path_gateway_tar, redirects_file, subdomain_*, dnslink_*, proxy</term><description>none: not
/// served</description></item>
/// </list>
/// </remarks>
public sealed class GatewayConformanceTests
{
    private const string Raw = "application/vnd.ipld.raw", CarType = "application/vnd.ipld.car";

    // gateway-raw-block.car: a directory, dir, dir/ascii.txt.
    private const string RawRoot = "bafybeie72edlprgtlwwctzljf6gkn2wnlrddqjbkxo3jomh4n7omwblxly",
        RawDir = "bafybeifaqksygmsbnqe76kwvxoqxtkzcwssq5jkhuo65ldtqiunr3bxlra",
        RawFile = "bafkreihhpc5y2pqvl5rbe5uuyhqjouybfs3rvlmisccgzue2kkt5zq6upq";

    // subdir-with-two-single-block-files.car, and subdir-with-mixed-block-files.car with multiblock.txt beside them.
    private const string TwoRoot = "bafybeietjm63oynimmv5yyqay33nui4y4wx6u3peezwetxgiwvfmelutzu",
        TwoSubdir = "bafybeiggghzz6dlue3m6nb2dttnbrygxh3lrjl5764f2m4gq7dgzdt55o4",
        Ascii = "bafkreifkam6ns4aoolg3wedr4uzrs3kvq66p4pecirz6y2vlrngla62mxm",
        Hello = "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4",
        MixedRoot = "bafybeidh6k2vzukelqtrjsmd4p52cpmltd2ufqrdtdg6yigi73in672fwu",
        MixedSubdir = "bafybeicnmple4ehlz3ostv2sbojz3zhh5q7tz5r2qkfdpqfilgggeen7xm",
        Multi = "bafybeigcisqd7m5nf3qmuvjdbakl5bdnh4ocrmacaqkpuh77qjvggmt2sa";

    // dag-cbor-traversal.car.
    private const string CborRoot = "bafyreibs4utpgbn7uqegmd2goqz4bkyflre2ek2iwv743fhvylwi4zeeim",
        CborLink = "bafyreig5alecq2l2akgajxywgnv22kuxh6xcagsnelepylqovt4t5jxt6u",
        CborEnd = "bafyreiaefvpp22slf5bzd4lqgzwbztqahwlldtqkpgmlhv7mh23pudle7y";

    [Theory]
    [InlineData($"/ipfs/{RawDir}", RawDir)]
    [InlineData($"/ipfs/{RawFile}", RawFile)]
    [InlineData($"/ipfs/{RawRoot}/dir", RawDir)]
    [InlineData($"/ipfs/{RawRoot}/dir/ascii.txt", RawFile)]
    public async Task A_raw_block_comes_with_its_headers(string path, string cid)
    {
        await using ServedStore served = await Serve();
        byte[] block = served.Store.Reading.ReadBlock(Cid.Parse(cid))!;
        foreach ((string query, string accept) in new[] { ("?format=raw", "*/*"), ("", Raw) })
        {
            foreach (string method in new[] { "GET", "HEAD" })
            {
                using HttpResponseMessage answer = await served.Client.Send(method, path + query, ("Accept", accept));
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                Assert.Equal(method == "GET" ? block : [], await answer.Bytes());
                Assert.Equal(Raw, answer.Header("Content-Type"));
                Assert.Equal($"{block.Length}", answer.Header("Content-Length"));
                Assert.Matches($"attachment;\\s*filename=\"?{cid}\\.bin\"?", answer.Header("Content-Disposition"));
                Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
                Assert.NotEqual("", answer.Header("ETag"));
                Assert.Equal(path, answer.Header("X-Ipfs-Path"));
                Assert.Equal($"ipfs://{path["/ipfs/".Length..]}", answer.Header("Ipfs-Uri"));
                Assert.Contains(path.Split('/')[2], answer.Header("X-Ipfs-Roots"), StringComparison.Ordinal);
                Assert.Equal("public, max-age=29030400, immutable", answer.Header("Cache-Control"));
            }

            char joint = query.Length == 0 ? '?' : '&';
            using HttpResponseMessage named =
                await served.Client.Send("GET", $"{path}{query}{joint}filename=foobar.bin", ("Accept", accept));
            Assert.Matches("attachment;\\s*filename=\"?foobar\\.bin", named.Header("Content-Disposition"));
        }
    }

    [Theory]
    [InlineData($"/ipfs/{RawRoot}/dir", RawDir, 57)]
    [InlineData($"/ipfs/{RawFile}", RawFile, 31)]
    public async Task A_range_of_a_raw_block_is_its_bytes_and_several_are_the_whole(string path, string cid, int length)
    {
        await using ServedStore served = await Serve();
        byte[] block = served.Store.Reading.ReadBlock(Cid.Parse(cid))!;
        using HttpResponseMessage one = await served.Client.Send("GET", path, ("Accept", Raw), ("Range", "bytes=6-16"));
        Assert.Equal((HttpStatusCode.PartialContent, Raw), (one.StatusCode, one.Header("Content-Type")));
        Assert.Equal($"bytes 6-16/{length}", one.Header("Content-Range"));
        Assert.Equal(block[6..17], await one.Bytes());
        using HttpResponseMessage several =
            await served.Client.Send("GET", path, ("Accept", Raw), ("Range", "bytes=6-16,0-4"));
        Assert.Equal((HttpStatusCode.OK, ""), (several.StatusCode, several.Header("Content-Range")));
        Assert.Equal(block, await several.Bytes());
    }

    /// <summary>A path, a query, and the blocks that come, in that order.</summary>
    public static TheoryData<string, string, string[]> Cars => new()
    {
        { $"{TwoRoot}/subdir/ascii.txt", "", [TwoRoot, TwoSubdir, Ascii] },
        { $"{TwoRoot}/subdir", "dag-scope=block", [TwoRoot, TwoSubdir] },
        { $"{TwoRoot}/subdir/ascii.txt", "dag-scope=block", [TwoRoot, TwoSubdir, Ascii] },
        { TwoRoot, "dag-scope=entity", [TwoRoot] },
        { $"{TwoRoot}/subdir", "dag-scope=all", [TwoRoot, TwoSubdir, Ascii, Hello] },
        { $"{MixedRoot}/subdir/ascii.txt", "dag-scope=entity", [MixedRoot, MixedSubdir, Ascii] },
        { $"{MixedRoot}/subdir/multiblock.txt", "dag-scope=entity",
            [MixedRoot, MixedSubdir, Multi, .. CarScopeTests.Leaves] },
        { $"{MixedRoot}/subdir/multiblock.txt", "dag-scope=all",
            [MixedRoot, MixedSubdir, Multi, .. CarScopeTests.Leaves] },
        { $"{MixedRoot}/subdir", "dag-scope=all",
            [MixedRoot, MixedSubdir, Ascii, Hello, Multi, .. CarScopeTests.Leaves] },
        { MixedRoot, "dag-scope=entity&entity-bytes=0:*", [MixedRoot] },
        { Multi, "dag-scope=entity&entity-bytes=0:*", [Multi, .. CarScopeTests.Leaves] },
        { Multi, "dag-scope=entity&entity-bytes=512:*", [Multi, .. CarScopeTests.Leaves[2..]] },
        { Multi, "dag-scope=entity&entity-bytes=512:1023", [Multi, .. CarScopeTests.Leaves[2..4]] },
        { Multi, "dag-scope=entity&entity-bytes=512:-256", [Multi, .. CarScopeTests.Leaves[2..4]] },
        { Multi, "dag-scope=entity&entity-bytes=-5:*", [Multi, .. CarScopeTests.Leaves[3..]] },
        { Multi, "dag-scope=entity&entity-bytes=-9999:*", [Multi, .. CarScopeTests.Leaves] },
        { Multi, "dag-scope=entity&entity-bytes=-9999:-3", [Multi, .. CarScopeTests.Leaves[..4]] },
        { Multi, "dag-scope=entity&entity-bytes=0:0", [Multi, CarScopeTests.Leaves[0]] },
        { CborRoot, "dag-scope=block", [CborRoot] },
        { CborRoot, "dag-scope=entity", [CborRoot] },
        { $"{CborRoot}/foo/link/bar", "", [CborRoot, CborLink, CborEnd] },
    };

    [Theory, MemberData(nameof(Cars))]
    public async Task A_CAR_has_exactly_these_blocks_in_this_order(string path, string query, string[] blocks)
    {
        await using ServedStore served = await Serve();
        foreach ((string ask, string accept) in new[] { ("format=car&", "*/*"), ("", CarType) })
        {
            using HttpResponseMessage answer =
                await served.Client.Send("GET", $"/ipfs/{path}?{ask}{query}", ("Accept", accept));
            Assert.Equal(blocks, await CarScopeTests.Blocks(answer));
            using HttpResponseMessage head =
                await served.Client.Send("HEAD", $"/ipfs/{path}?{ask}{query}", ("Accept", accept));
            foreach (HttpResponseMessage each in new[] { answer, head })
            {
                Assert.Equal(HttpStatusCode.OK, each.StatusCode);
                Assert.Equal($"{CarType}; version=1; order=dfs; dups=n", each.Header("Content-Type"));
                Assert.Equal(("nosniff", "none"),
                    (each.Header("X-Content-Type-Options"), each.Header("Accept-Ranges")));
                Assert.Matches("attachment;\\s*filename=\"?.*\\.car\"?", each.Header("Content-Disposition"));
                Assert.StartsWith("W/\"", each.Header("ETag"), StringComparison.Ordinal);
            }

            Assert.Equal("", await head.Text());
        }
    }

    [Theory]
    [InlineData("format=car", Raw, CarType)]
    [InlineData("format=raw", CarType, Raw)]
    [InlineData("format=car&car-order=dfs", $"{CarType}; order=unk", $"{CarType}; version=1; order=dfs; dups=n")]
    [InlineData("format=car&car-dups=y", $"{CarType}; dups=n", $"{CarType}; version=1; order=dfs; dups=y")]
    [InlineData("format=car", $"{CarType}; version=1; order=dfs; dups=y", $"{CarType}; version=1; order=dfs; dups=y")]
    [InlineData("", $"{CarType}; version=1; order=unk", $"{CarType}; version=1; order=dfs")]
    public async Task What_the_query_says_goes_before_what_is_accepted(string query, string accept, string type)
    {
        await using ServedStore served = await Serve();
        using HttpResponseMessage answer =
            await served.Client.Send("GET", $"/ipfs/{RawDir}?{query}", ("Accept", accept));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.StartsWith(type, answer.Header("Content-Type"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", $"/ipfs/{TwoRoot}/subdir/i-do-not-exist?format=car", 404)]
    [InlineData("HEAD", $"/ipfs/{TwoRoot}/subdir/i-do-not-exist?format=car", 404)]
    [InlineData("GET", $"/ipfs/{TwoRoot}/subdir/i-do-not-exist?format=raw", 404)]
    [InlineData("GET", $"/ipfs/{CborRoot}/i-do-not-exist?format=dag-cbor", 404)]
    [InlineData("GET", $"/ipfs/{CborRoot}/foo/object?format=dag-cbor", 501)]
    [InlineData("GET", $"/ipfs/{CborRoot}/foo/link/bar/hello?format=dag-cbor", 501)]
    [InlineData("GET", $"/ipfs/{RawDir}?format=dag-cbor", 406)]
    [InlineData("GET", $"/ipfs/{RawDir}?format=dag-json", 406)]
    [InlineData("GET", $"/ipfs/{RawDir}?format=json", 406)]
    [InlineData("GET", $"/ipfs/{CborRoot}?format=dag-json", 406)]
    [InlineData("GET", $"/ipfs/{CborRoot}?format=tar", 406)]
    [InlineData("GET", $"/ipfs/{RawDir}?format=ipns-record", 406)]
    [InlineData("GET", "/ipns/k51qzi5uqu5dh71qgwangrt6r0nd4094i88nsady6qgd1dhjcyfsaqmpp143ab?format=ipns-record", 404)]
    [InlineData("POST", $"/ipfs/{RawDir}?format=raw", 405)]
    public async Task What_is_not_there_or_not_made_is_said_by_the_status(string method, string path, int status)
    {
        await using ServedStore served = await Serve();
        using HttpResponseMessage answer = await served.Client.Send(method, path);
        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Dag_cbor_comes_as_it_is()
    {
        await using ServedStore served = await Serve();
        byte[] block = served.Store.Reading.ReadBlock(Cid.Parse(CborRoot))!;
        foreach ((string query, string accept) in new[] { ("?format=dag-cbor", "*/*"),
            ("", "application/vnd.ipld.dag-cbor"), ("", "*/*") })
        {
            using HttpResponseMessage answer =
                await served.Client.Send("GET", $"/ipfs/{CborRoot}{query}", ("Accept", accept));
            Assert.Equal((HttpStatusCode.OK, "application/vnd.ipld.dag-cbor"),
                (answer.StatusCode, answer.Header("Content-Type")));
            Assert.Equal(block, await answer.Bytes());
        }
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("/", "")]
    [InlineData("/dir", "/dir")]
    [InlineData("/dir/", "/dir/")]
    [InlineData("/dir/ascii%2Etxt", "/dir/ascii.txt")]
    [InlineData("/dir/ascii.txt?filename=other.txt", "/dir/ascii.txt")]
    public async Task A_place_has_one_URI_however_it_was_asked_for(string path, string canonical)
    {
        await using ServedStore served = await Serve();
        foreach (string root in new[] { RawRoot, Cid.Parse(RawRoot).ToV0().ToString(), RawRoot.ToUpperInvariant() })
        {
            using HttpResponseMessage answer = await served.Client.Send("GET", $"/ipfs/{root}{path}", ("Accept", Raw));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal($"ipfs://{RawRoot}{canonical}", answer.Header("Ipfs-Uri"));
        }
    }

    [Theory, InlineData("GET"), InlineData("HEAD"), InlineData("OPTIONS")]
    public async Task Pages_of_any_origin_read_and_see_every_header(string method)
    {
        await using ServedStore served = await Serve();
        using HttpResponseMessage answer =
            await served.Client.Send(method, "/ipfs/bafkqabtimvwgy3yk/", ("Origin", "https://example.com"));
        Assert.True(answer.IsSuccessStatusCode);
        Assert.Equal("*", answer.Header("Access-Control-Allow-Origin"));
        Has("Access-Control-Allow-Methods", "GET", "HEAD", "OPTIONS");
        Has("Access-Control-Allow-Headers", "Content-Type", "Range", "User-Agent", "X-Requested-With");
        Has("Access-Control-Expose-Headers", "Content-Range", "Content-Length", "X-Ipfs-Path", "X-Ipfs-Roots",
            "X-Chunked-Output",
            "X-Stream-Output", "Ipfs-Uri");

        void Has(string header, params string[] values) =>
            Assert.Superset(values.ToHashSet(), answer.Header(header).Split(", ").ToHashSet());
    }

    [Theory]
    [InlineData($"/ipfs/{RawRoot}/dir/ascii.txt", $"\"{RawFile}\"")]
    [InlineData($"/ipfs/{RawFile}?format=raw", $"W/\"{RawFile}.raw\"")]
    [InlineData($"/ipfs/{RawFile}?format=raw", $"\"fake\", W/\"fake\", \"{RawFile}.raw\"")]
    [InlineData($"/ipfs/{RawRoot}?format=car", "*")]
    public async Task What_the_client_has_is_304_and_else_it_comes(string path, string tag)
    {
        await using ServedStore served = await Serve();
        using HttpResponseMessage known = await served.Client.Send("GET", path, ("If-None-Match", tag));
        Assert.Equal((HttpStatusCode.NotModified, ""), (known.StatusCode, await known.Text()));
        using HttpResponseMessage other = await served.Client.Send("GET", path, ("If-None-Match", "\"fake\""));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        using HttpResponseMessage cached = await served.Client.Send("GET", path, ("Cache-Control", "only-if-cached"));
        Assert.Equal(HttpStatusCode.OK, cached.StatusCode);
    }

    private static async Task<ServedStore> Serve()
    {
        ServedStore served = await ServedStore.Start();
        foreach (string car in new[] { "gateway-raw-block", "subdir-with-two-single-block-files",
            "subdir-with-mixed-block-files", "dag-cbor-traversal" })
            GatewayTests.Import(served, $"{car}.car");
        return served;
    }
}
