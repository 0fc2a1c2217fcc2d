using ArrowCid.Ipld;
using ArrowCid.Ipld.Car;

namespace ArrowCid.Tests.Ipld.Car;

/// <summary>The framing's rules, one by one.</summary>
public sealed class CarReaderTests
{
    private static readonly byte[] s_block = "hello world"u8.ToArray();
    private static readonly Cid s_cid = Cid.Sha256(Multicodec.Raw, s_block);

    [Fact]
    public void Roots_and_blocks_may_be_none()
    {
        CarReport report = CarFixtureTests.Verify(CarBytes.Header());
        Assert.Empty(report.Roots);
        Assert.Equal(0, report.Sizes.Count);
        Assert.Equal(1, CarFixtureTests.Verify([.. CarBytes.Header(), .. CarBytes.Raw(s_block)]).OrphanCount);
    }

    [Theory]
    [InlineData("", "the file ends inside the header", 0)]
    [InlineData("00", "the header has no length", 0)]
    [InlineData("8080", "the file ends inside the header's length", 0)]
    [InlineData("8000", "a varint is not in its shortest form", 0)]
    [InlineData("ffffffffffffffffffff", "a varint has more than 9 bytes", 0)]
    [InlineData("8080808001", "a header of 268435456 bytes", 0)]
    [InlineData("05a1", "the file ends inside the header", 1)]
    [InlineData("01ff", "the header: ", 1)]
    [InlineData("0180", "the header is not a map with a version", 1)]
    [InlineData("0aa16776657273696f6e03", "version 3 is not read", 1)]
    [InlineData("0aa16776657273696f6e01", "the header is not roots, a list, and a version", 1)]
    [InlineData("11a265726f6f7473816776657273696f6e01", "the header: a map's key is not", 17)]
    [InlineData("12a265726f6f747381016776657273696f6e01", "a root is not a CID", 1)]
    public void A_header_that_breaks_a_rule_is_refused(string hex, string rule, int offset) => Refused(Hex.Bytes(hex), rule, offset);

    [Theory]
    [InlineData("00", "a section has no length", 0)]
    [InlineData("80", "the file ends inside a section's length", 0)]
    [InlineData("8000", "a section's length: a varint is not in its shortest form", 0)]
    [InlineData("0401551220", "a section of 4 bytes is shorter than its CID", 1)]
    [InlineData("24015512200102", "the file ends inside a section's CID", 1)]
    [InlineData("0400551220", "a section's CID: a version 0 CID has no version byte", 1)]
    [InlineData("0402551220", "a section's CID: the version is neither 0 nor 1", 1)]
    [InlineData("80808020015612010a", "a section of 67108864 bytes; 33554432 at most", 0)]
    public void A_section_that_breaks_a_rule_is_refused(string hex, string rule, int offset)
    {
        byte[] header = CarBytes.Header(s_cid);
        Refused([.. header, .. Hex.Bytes(hex)], rule, header.Length + offset);
        Refused([.. header, .. CarBytes.Raw(s_block), .. Hex.Bytes(hex)], rule, header.Length + CarBytes.Raw(s_block).Length + offset);
    }

    // A flat block is hashed as it passes, so it may be as long as a block can be; the bytes must be there.
    [Fact]
    public void Raw_bytes_under_a_SHA_256_may_be_longer_than_what_is_held_in_memory()
    {
        byte[] large = new byte[CarFormat.MaxSectionBytes + 1];
        Assert.True(CarFixtureTests.Verify([.. CarBytes.Header(Cid.Sha256(Multicodec.Raw, large)), .. CarBytes.Raw(large)]).IsWhole);
        var node = Cid.Sha256(Multicodec.DagPb, large);
        Assert.Equal(ErrorCode.TooLarge, Assert.Throws<InvalidCarException>(
            () => CarFixtureTests.Verify([.. CarBytes.Header(node), .. CarBytes.Section(node, large)])).Code);
    }

    [Fact]
    public void A_block_that_does_not_hash_to_its_CID_is_a_fault_with_its_place()
    {
        byte[] header = CarBytes.Header(s_cid);
        byte[] file = [.. header, .. CarBytes.Section(s_cid, "hello worle"u8), .. CarBytes.Raw([1])];
        CarReport report = CarFixtureTests.Verify(file);
        Assert.False(report.IsWhole);
        Assert.Equal(header.Length + 1 + s_cid.ByteLength, Assert.Single(report.Faults).Offset);
        Assert.Equal(1, report.FaultCount);
    }

    [Fact]
    public void Links_are_followed_through_dag_cbor_and_dag_pb_and_what_is_missing_is_named()
    {
        byte[] pb = DagPb.Encode(new DagPbNode([new DagPbLink { Hash = s_cid, Name = "a" }, new DagPbLink
        {
            Hash = Cid.Sha256(Multicodec.Raw, [7]),
            Name = "b",
        }]));
        var pbCid = Cid.Sha256(Multicodec.DagPb, pb);
        byte[] cbor = DagCbor.Encode(IpldNode.Map(("x", IpldNode.List(IpldNode.Link(pbCid), IpldNode.Link(pbCid.ToV0())))));
        var root = Cid.Sha256(Multicodec.DagCbor, cbor);
        byte[] file = [.. CarBytes.Header(root), .. CarBytes.Section(root, cbor), .. CarBytes.Section(pbCid.ToV0(), pb), .. CarBytes.Raw(s_block),
            .. CarBytes.Raw([9]), .. CarBytes.Raw(s_block)];
        CarReport report = CarFixtureTests.Verify(file);
        Assert.Equal([Cid.Sha256(Multicodec.Raw, [7])], report.Missing);
        Assert.Equal([Cid.Sha256(Multicodec.Raw, [9])], report.Orphans);
        Assert.Equal((1, 1, 1), (report.MissingCount, report.OrphanCount, report.Duplicates));
        Assert.Equal([(1, 1L), (16, 2L)], report.Sizes.Counts().Select(c => ((int)c.UpTo, c.Count)).Where(c => c.Item1 <= 16));
    }

    [Fact]
    public void An_identity_CID_is_there_without_its_block_and_proved_where_it_has_one()
    {
        var identity = Cid.Create(Multicodec.Raw, Multihash.Create(Multicodec.Identity, [7]));
        Assert.True(CarFixtureTests.Verify(CarBytes.Header(identity)).IsWhole);
        Assert.True(CarFixtureTests.Verify([.. CarBytes.Header(identity), .. CarBytes.Section(identity, [7])]).IsWhole);
        Assert.Equal(1, CarFixtureTests.Verify([.. CarBytes.Header(identity), .. CarBytes.Section(identity, [8])]).FaultCount);
    }

    [Fact]
    public void The_header_of_version_2_keeps_its_rules()
    {
        byte[] data = [.. CarBytes.Header(s_cid), .. CarBytes.Raw(s_block)];
        Assert.True(CarFixtureTests.Verify(CarBytes.Version2(data, [])).IsWhole);
        Refused(CarBytes.Version2(data, [1, 2, 3], indexOffset: 0), "bytes follow the data, and there is no index", 51 + data.Length);
        Refused(CarBytes.Version2(data, [], characteristics: 1), "characteristics that are not known are set", 11);
        Refused(CarBytes.Version2(data, [], dataSize: 0), "the data has no bytes", 35);
        Refused(CarBytes.Version2(data, [], dataSize: -1), "the data or the index lies beyond any file", 35);
        Refused(CarBytes.Version2(data, [], dataSize: data.Length - 1), "runs past the end of the data", 51 + CarBytes.Header(s_cid).Length);
        Refused(CarBytes.Version2(data, [])[..40], "the file ends inside the header of version 2", 11);
        Refused(CarBytes.Version2(CarBytes.Version2(data, []), []), "version 2 inside version 2 is not read", 52);
        CarReport before = CarFixtureTests.Verify(CarBytes.Version2(data, [], indexOffset: 60));
        Assert.StartsWith("the index would begin at 60, before the end of the data", before.IndexFault, StringComparison.Ordinal);
        Assert.True(before.IsWhole);
    }

    [Fact]
    public void What_an_index_says_is_compared_with_the_blocks()
    {
        byte[] header = CarBytes.Header(s_cid);
        byte[] data = [.. header, .. CarBytes.Raw(s_block)];
        byte[] Index(Multihash hash, long offset)
        {
            using var bytes = new MemoryStream();
            CarIndex.Write(bytes, [(hash, offset)]);
            return bytes.ToArray();
        }

        byte[] right = Index(s_cid.Hash, header.Length);
        Assert.Null(Fault(right));
        Assert.Equal("1 of its 1 entries lead to no such block", Fault(Index(s_cid.Hash, 1)));
        Assert.Equal("1 of its 1 entries lead to no such block", Fault(Index(Multihash.ComputeSha256([1]), header.Length)));
        Assert.StartsWith("bytes follow the index", Fault([.. right, 1]), StringComparison.Ordinal);
        for (int length = 1; length < right.Length; length++)
            Assert.StartsWith("the file ends inside the index", Fault(right[..length])!.Replace("the index has no codec", "the file ends inside the index",
                StringComparison.Ordinal), StringComparison.Ordinal);
        // The older index has the digests alone.
        byte[] older = [0x80, 0x08, 1, 0, 0, 0, .. right[18..]];
        Assert.Null(Fault(older));

        string? Fault(byte[] index)
        {
            CarReport report = CarFixtureTests.Verify(CarBytes.Version2(data, index));
            Assert.True(report.IsWhole);
            Assert.True(report.HasIndex);
            return report.IndexFault;
        }
    }

    [Fact]
    public void What_is_written_is_read_and_is_the_same_every_time()
    {
        byte[][] blocks = [.. Enumerable.Range(0, 300).Select(i => Enumerable.Repeat((byte)i, i).ToArray())];
        foreach (int version in new[] { 1, 2 })
        {
            byte[] first = Write(blocks, version);
            Assert.Equal(first, Write(blocks, version));
            CarReport report = CarFixtureTests.Verify(first);
            Assert.Equal((version, 300, version == 2), (report.Version, (int)report.Sizes.Count, report.HasIndex));
            Assert.True(report is { IsWhole: true, IndexFault: null });
        }
    }

    private static byte[] Write(byte[][] blocks, int version)
    {
        using var file = new MemoryStream();
        var writer = new CarWriter(file, [Cid.Sha256(Multicodec.Raw, blocks[0])], version);
        foreach (byte[] block in blocks) writer.Add(Cid.Sha256(Multicodec.Raw, block), block);
        _ = writer.Finish();
        return file.ToArray();
    }

    private static void Refused(byte[] file, string rule, long offset)
    {
        InvalidCarException e = Assert.Throws<InvalidCarException>(() => CarFixtureTests.Verify(file));
        Assert.Contains(rule, e.Message, StringComparison.Ordinal);
        Assert.Equal(offset, e.Offset);
    }
}
