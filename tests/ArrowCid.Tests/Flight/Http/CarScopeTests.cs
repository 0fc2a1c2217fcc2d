using ArrowCid.Ipld.Car;

namespace ArrowCid.Tests.Flight.Http;

/// <summary>Which blocks a CAR holds, and in which order: the cases of gateway-conformance for which its fixtures are
/// here.</summary>
public sealed class CarScopeTests
{
    // Of subdir-with-mixed-block-files.car; multiblock.txt is 4 * 256 + 2 bytes.
    internal static string[] Leaves { get; } =
    [
        "bafkreie5noke3mb7hqxukzcy73nl23k6lxszxi5w3dtmuwz62wnvkpsscm",
        "bafkreih4ephajybraj6wnxsbwjwa77fukurtpl7oj7t7pfq545duhot7cq",
        "bafkreigu7buvm3cfunb35766dn7tmqyh2um62zcio63en2btvxuybgcpue",
        "bafkreicll3huefkc3qnrzeony7zcfo7cr3nbx64hnxrqzsixpceg332fhe",
        "bafkreifst3pqztuvj57lycamoi7z34b4emf7gawxs74nwrc2c7jncmpaqm",
    ];

    /// <summary>A query, how many leaves are left out at the start, and how many are there.</summary>
    public static TheoryData<string, int, int> Ranges => new()
    {
        { "dag-scope=entity", 0, 5 },
        { "dag-scope=all", 0, 5 },
        { "", 0, 5 },
        { "dag-scope=block", 0, 0 },
        { "dag-scope=entity&entity-bytes=0:*", 0, 5 },
        { "dag-scope=entity&entity-bytes=512:*", 2, 3 },
        { "dag-scope=entity&entity-bytes=512:1023", 2, 2 },
        { "dag-scope=entity&entity-bytes=512:-256", 2, 2 },
        { "dag-scope=entity&entity-bytes=-5:*", 3, 2 },
        { "dag-scope=entity&entity-bytes=-9999:*", 0, 5 },
        { "dag-scope=entity&entity-bytes=-9999:-3", 0, 4 },
        { "dag-scope=entity&entity-bytes=0:0", 0, 1 },
        { "entity-bytes=0:0", 0, 1 },
        { "entity-bytes=5000:6000", 0, 0 },
    };

    [Theory, MemberData(nameof(Ranges))]
    public async Task A_file_comes_with_the_blocks_of_the_range(string query, int skipped, int count)
    {
        await using ServedStore served = await ServedStore.Start();
        (Cid root, Cid[] way) = Fixture(served);
        foreach ((string ask, string accept) in new[] { ("format=car&", "*/*"), ("", "application/vnd.ipld.car") })
        {
            using HttpResponseMessage answer = await served.Client.Send("GET",
                $"/ipfs/{root}/subdir/multiblock.txt?{ask}{query}", ("Accept", accept));
            Assert.Equal("application/vnd.ipld.car; version=1; order=dfs; dups=n", answer.Header("Content-Type"));
            Assert.Equal(("none", "nosniff"),
                (answer.Header("Accept-Ranges"), answer.Header("X-Content-Type-Options")));
            Assert.Contains($"{root}.car", answer.Header("Content-Disposition"));
            Assert.StartsWith("W/\"", answer.Header("ETag"));
            string[] expected = [.. way.Select(cid => $"{cid}"), .. Leaves.Skip(skipped).Take(count)];
            Assert.Equal(expected, await Blocks(answer));
        }
    }

    [Theory]
    [InlineData("dag-scope=block", 1)]
    [InlineData("dag-scope=entity", 1)]
    [InlineData("dag-scope=entity&entity-bytes=0:*", 1)]
    public async Task A_directory_is_its_block(string query, int below)
    {
        await using ServedStore served = await ServedStore.Start();
        (Cid root, _) = Fixture(served);
        using HttpResponseMessage answer = await served.Client.Send("GET", $"/ipfs/{root}/subdir?format=car&{query}");
        Assert.Equal(1 + below, (await Blocks(answer)).Length);
    }

    [Fact]
    public async Task Duplicates_come_once_or_each_time()
    {
        await using ServedStore served = await ServedStore.Start();
        Cid one = served.Store.Put(ServedStore.Numbers(10)).Cid, other = served.Store.Put(ServedStore.Numbers(20)).Cid;
        Cid dataset = served.Store.Datasets.Put([one, one, other]).Cid;
        string schema = served.Store.Metadata.TryFind(one)!.Value.SchemaCid.ToString();
        using HttpResponseMessage once = await served.Client.Send("GET", $"/ipfs/{dataset}",
            ("Accept", "application/vnd.ipld.car; version=1; order=dfs; dups=n"));
        string[] blocks = await Blocks(once);
        Assert.Equal(blocks.Distinct(), blocks);
        Assert.Equal(4, blocks.Length);
        using HttpResponseMessage each = await served.Client.Send("GET", $"/ipfs/{dataset}?format=car&car-dups=y",
            ("Accept", "application/vnd.ipld.car; version=1; order=unk; dups=n"));
        Assert.Equal("application/vnd.ipld.car; version=1; order=dfs; dups=y", each.Header("Content-Type"));
        Assert.Equal([$"{dataset}", schema, $"{one}", $"{one}", $"{other}"], await Blocks(each));
    }

    [Fact]
    public async Task A_block_that_stands_in_its_CID_is_never_sent()
    {
        await using ServedStore served = await ServedStore.Start();
        using HttpResponseMessage answer = await served.Client.Send("GET",
            "/ipfs/bafkqaf3imvwgy3zaneqgc3janfxgy2lomvscay3jmqfa", ("Accept", "application/vnd.ipld.car; dups=y"));
        Assert.Contains("dups=y", answer.Header("Content-Type"));
        Assert.Empty(await Blocks(answer));
    }

    [Fact]
    public async Task A_path_goes_through_dag_cbor()
    {
        await using ServedStore served = await ServedStore.Start();
        GatewayTests.Import(served, "dag-cbor-traversal.car");
        Cid root = CarFixture("dag-cbor-traversal.car").Roots[0];
        byte[] block = await served.Client.GetByteArrayAsync($"/ipfs/{root}?format=dag-cbor");
        Assert.Equal(root, Cid.Sha256(Multicodec.DagCbor, block));
        using HttpResponseMessage car = await served.Client.Send("GET", $"/ipfs/{root}?format=car&dag-scope=block");
        Assert.Equal([$"{root}"], await Blocks(car));
    }

    private static (Cid Root, Cid[] Way) Fixture(ServedStore served)
    {
        const string Name = "subdir-with-mixed-block-files.car";
        GatewayTests.Import(served, Name);
        Cid root = CarFixture(Name).Roots[0];
        var reader = new ArrowCid.Ipld.UnixFsReader(cid => served.Store.Reading.ReadBlock(cid));
        Cid subdir = reader.Find(reader.Block(root), "subdir")!.Value;
        Cid file = reader.Find(reader.Block(subdir), "multiblock.txt")!.Value;
        return (root, [root, subdir, file]);
    }

    private static CarReport CarFixture(string name)
    {
        using FileStream file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Data", "car", name));
        return CarContents.Read(file, false, null).Report;
    }

    internal static async Task<string[]> Blocks(HttpResponseMessage answer)
    {
        using var bytes = new MemoryStream(await answer.Bytes());
        CarContents contents = CarContents.Read(bytes, false, null);
        Assert.Equal((0L, 0), (contents.Report.FaultCount, contents.Report.Unverifiable.Count));
        return [.. contents.Blocks.Select(block => block.Cid.ToString())];
    }
}
