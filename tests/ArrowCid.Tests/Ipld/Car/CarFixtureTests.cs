using System.Text.Json;
using ArrowCid.Ipld.Car;

namespace ArrowCid.Tests.Ipld.Car;

/// <summary>What go-car and the specification's authors wrote is read as they say.</summary>
public sealed class CarFixtureTests
{
    [Theory]
    [InlineData("carv1-basic.car", 1, 2, 8, 0)]
    [InlineData("carv2-basic.car", 2, 1, 5, 0)]
    [InlineData("sample-v1.car", 1, 1, 1049, 0)]
    [InlineData("sample-wrapped-v2.car", 2, 1, 1049, 0)]
    [InlineData("simple-unixfs.car", 1, 1, 22, 0)]
    [InlineData("wikipedia-cryptographic-hash-function.car", 1, 1, 5, 680)]
    [InlineData("dag-cbor-traversal.car", 1, 1, 3, 0)]
    [InlineData("gateway-raw-block.car", 1, 1, 3, 0)]
    [InlineData("subdir-with-mixed-block-files.car", 1, 1, 10, 0)]
    [InlineData("subdir-with-two-single-block-files.car", 1, 1, 4, 0)]
    public void An_archive_of_others_is_proved(string name, int version, int roots, int blocks, long missing)
    {
        CarReport report = Verify(CarBytes.Fixture(name));
        Assert.Equal((version, roots, (long)blocks), (report.Version, report.Roots.Length, report.Sizes.Count));
        Assert.Equal((0, 0, 0), (report.FaultCount, report.MalformedCount, report.RootsMissing.Count));
        Assert.Equal(missing, report.MissingCount);
        Assert.Equal(missing == 0, report.IsWhole);
        Assert.Equal(0, report.OrphanCount);
    }

    [Fact]
    public void Blocks_under_a_hash_that_is_not_here_are_said_to_be_unproved()
    {
        CarReport report = Verify(CarBytes.Fixture("sample-v1.car"));
        Assert.Equal(1043, report.Unverifiable["blake2b-256"]);
        Assert.Equal("blake2b-256", Assert.Single(report.Unverifiable).Key);
    }

    [Fact]
    public void The_index_of_go_car_is_read_and_written_byte_for_byte()
    {
        byte[] file = CarBytes.Fixture("sample-wrapped-v2.car");
        CarReport report = Verify(file);
        Assert.True(report.HasIndex);
        Assert.Null(report.IndexFault);
        var reader = new CarReader(new MemoryStream(file));
        var entries = new List<(Multihash, long)>();
        while (reader.TryRead(out CarSection section))
        {
            if (section.Cid.Hash.Code != Multicodec.Identity) entries.Add((section.Cid.Hash, section.Offset - reader.PayloadOffset));
        }

        using var index = new MemoryStream();
        CarIndex.Write(index, entries);
        Assert.Equal(file[^(int)index.Length..], index.ToArray());
        Assert.Equal(41_720, entries.Count * 40);
    }

    [Fact]
    public void An_index_that_cannot_be_read_does_not_matter()
    {
        CarReport report = Verify(CarBytes.Fixture("carv2-basic.car"));
        Assert.StartsWith("an index of codec 0x01; byte 499", report.IndexFault, StringComparison.Ordinal);
        Assert.True(report.IsWhole);
    }

    [Theory]
    [InlineData("sample-corrupt-pragma.car", "the file ends inside the header")]
    public void What_is_no_archive_is_refused(string name, string rule) =>
        Assert.Contains(rule, Assert.Throws<InvalidCarException>(() => Verify(CarBytes.Fixture(name))).Message, StringComparison.Ordinal);

    [Fact]
    public void Padding_behind_the_end_is_let_pass_where_that_is_said()
    {
        byte[] padded = [.. CarBytes.Fixture("sample-v1.car"), 0, 0, 0];
        Assert.Equal(479_907, Assert.Throws<InvalidCarException>(() => Verify(padded)).Offset);
        Assert.Equal(1049, Verify(padded, zeroEnds: true).Sizes.Count);
    }

    [Theory]
    [InlineData("carv1-basic")]
    [InlineData("carv2-basic")]
    public void Blocks_lie_where_the_fixture_says(string name)
    {
        using JsonDocument says = JsonDocument.Parse(CarBytes.Fixture($"{name}.json"));
        var reader = new CarReader(new MemoryStream(CarBytes.Fixture($"{name}.car")));
        Assert.Equal(says.RootElement.GetProperty("header").GetProperty("roots").EnumerateArray().Select(Link),
            reader.Roots.Select(root => root.ToString()));
        foreach (JsonElement block in says.RootElement.GetProperty("blocks").EnumerateArray())
        {
            Assert.True(reader.TryRead(out CarSection section));
            Assert.Equal(Link(block.GetProperty("cid")), section.Cid.ToString());
            Assert.Equal(block.GetProperty("offset").GetInt64(), section.Offset);
            Assert.Equal(block.GetProperty("blockOffset").GetInt64(), section.BlockOffset);
            Assert.Equal(block.GetProperty("blockLength").GetInt32(), section.Length);
        }

        Assert.False(reader.TryRead(out _));
    }

    internal static CarReport Verify(byte[] file, bool zeroEnds = false)
    {
        var contents = CarContents.Read(new MemoryStream(file), zeroEnds);
        List<int> order = CarWalk.ChildrenFirst(contents);
        Assert.Equal(contents.Blocks.Count - contents.Report.Duplicates, order.Distinct().Count());
        return contents.Report;
    }

    private static string Link(JsonElement link) => link.GetProperty("/").GetString()!;
}
