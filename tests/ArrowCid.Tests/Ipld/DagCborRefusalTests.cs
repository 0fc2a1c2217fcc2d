using ArrowCid.Ipld;

namespace ArrowCid.Tests.Ipld;

/// <summary>Each rule of dag-cbor is kept, and a refusal names it and the byte.</summary>
public class DagCborRefusalTests
{
    [Theory]
    [InlineData("", "the bytes end where a value is expected", 0)]
    [InlineData("82 01", "a list of 2 items does not fit in the bytes that are left", 0)]
    [InlineData("82 8102", "a list of 1 items does not fit in the bytes that are left", 1)]
    [InlineData("1800", "an integer or length is not in its shortest form", 0)]
    [InlineData("1817", "an integer or length is not in its shortest form", 0)]
    [InlineData("3817", "an integer or length is not in its shortest form", 0)]
    [InlineData("1900ff", "an integer or length is not in its shortest form", 0)]
    [InlineData("1a0000ffff", "an integer or length is not in its shortest form", 0)]
    [InlineData("1b00000000ffffffff", "an integer or length is not in its shortest form", 0)]
    [InlineData("81 5801ff", "an integer or length is not in its shortest form", 1)]
    [InlineData("7800", "an integer or length is not in its shortest form", 0)]
    [InlineData("9800", "an integer or length is not in its shortest form", 0)]
    [InlineData("b800", "an integer or length is not in its shortest form", 0)]
    [InlineData("d9002a 4600" + Hex.Cid, "an integer or length is not in its shortest form", 0)]
    [InlineData("18", "the bytes end inside an item's head", 0)]
    [InlineData("1b00000000", "the bytes end inside an item's head", 0)]
    [InlineData("1c", "additional information 28, which CBOR reserves", 0)]
    [InlineData("5e", "additional information 30, which CBOR reserves", 0)]
    [InlineData("1f", "an item of indefinite length", 0)]
    [InlineData("5f4101ff", "an item of indefinite length", 0)]
    [InlineData("7f6161ff", "an item of indefinite length", 0)]
    [InlineData("9f01ff", "an item of indefinite length", 0)]
    [InlineData("bf616101ff", "an item of indefinite length", 0)]
    [InlineData("ff", "an end mark without an item of indefinite length, which is not allowed either", 0)]
    [InlineData("a1 01 01", "a map's key is not text", 1)]
    [InlineData("a1 4161 01", "a map's key is not text", 1)]
    [InlineData("a2 6161 01 6161 02", "a key occurs twice in a map", 4)]
    [InlineData("a3 63626172 07 63666f6f 01 63666f6f 02", "a key occurs twice in a map", 11)]
    [InlineData("a2 6162 01 6161 02", "a map's keys are not sorted, shorter ones first, then by bytes", 4)]
    [InlineData("a2 626161 01 6162 02", "a map's keys are not sorted, shorter ones first, then by bytes", 5)]
    [InlineData("f93c00", "a float has 64 bits, not 16", 0)]
    [InlineData("fa3f800000", "a float has 64 bits, not 32", 0)]
    [InlineData("fb7ff8000000000000", "a float is finite, neither NaN nor infinity", 0)]
    [InlineData("fb7ff0000000000000", "a float is finite, neither NaN nor infinity", 0)]
    [InlineData("fbfff0000000000000", "a float is finite, neither NaN nor infinity", 0)]
    [InlineData("fb3ff80000000000", "the bytes end inside a float", 0)]
    [InlineData("f7", "undefined is no value; null is", 0)]
    [InlineData("e0", "of the simple values only false, true and null are allowed", 0)]
    [InlineData("f0", "of the simple values only false, true and null are allowed", 0)]
    [InlineData("f814", "of the simple values only false, true and null are allowed", 0)]
    [InlineData("f8ff", "of the simple values only false, true and null are allowed", 0)]
    [InlineData("fc", "of the simple values only false, true and null are allowed", 0)]
    [InlineData("c001", "tag 0; only 42, of links, is allowed", 0)]
    [InlineData("c24101", "tag 2; only 42, of links, is allowed", 0)]
    [InlineData("81 d82b4600" + Hex.Cid, "tag 43; only 42, of links, is allowed", 1)]
    [InlineData("d82a", "the bytes end inside a link", 0)]
    [InlineData("d82a 6161", "tag 42 is not on bytes", 0)]
    [InlineData("d82a 40", "a link's bytes do not begin with 00", 0)]
    [InlineData("d82a 45" + Hex.Cid, "a link's bytes do not begin with 00", 0)]
    [InlineData("d82a 4100", "a link holds no CID: the bytes end before the value is whole", 0)]
    [InlineData("d82a 4700" + Hex.Cid + "00", "a link holds no CID: bytes follow the end of the value", 0)]
    [InlineData("d82a 46000355000107", "a link holds no CID: the version is neither 0 nor 1", 0)]
    [InlineData("d82a 4600" + "01550001", "a link of 6 bytes where 5 are left", 2)]
    [InlineData("61ff", "text is not UTF-8", 1)]
    [InlineData("64 61 eda080", "text is not UTF-8", 2)]
    [InlineData("62 c0af", "text is not UTF-8", 1)]
    [InlineData("63 61 62 c3", "text is not UTF-8", 3)]
    [InlineData("a1 61ff 01", "text is not UTF-8", 2)]
    [InlineData("44 000102", "bytes of 4 bytes where 3 are left", 0)]
    [InlineData("64 616263", "text of 4 bytes where 3 are left", 0)]
    [InlineData("01 01", "1 bytes follow the end of the value", 1)]
    [InlineData("a0 000000", "3 bytes follow the end of the value", 1)]
    [InlineData("9bffffffffffffffff", "a list of 18446744073709551615 items does not fit in the bytes that are left", 0)]
    [InlineData("bb7fffffffffffffff 00", "a map of 9223372036854775807 entries does not fit in the bytes that are left", 0)]
    [InlineData("5bffffffffffffffff 00", "bytes of 18446744073709551615 bytes where 1 are left", 0)]
    [InlineData("7b8000000000000000 00", "text of 9223372036854775808 bytes where 1 are left", 0)]
    [InlineData("82 82 00 01", "a list of 2 items does not fit in the bytes that are left", 1)]
    [InlineData("a1 60", "a map of 1 entries does not fit in the bytes that are left", 0)]
    public void A_refusal_names_rule_and_byte(string hex, string rule, int offset)
    {
        var error = Assert.Throws<InvalidIpldException>(() => DagCbor.Decode(Hex.Bytes(hex)));
        Assert.Equal((rule, offset), (error.Rule, error.Offset));
        Assert.Equal($"Not dag-cbor: {rule}; byte {offset}.", error.Message);
        Assert.Equal(ErrorCode.InvalidData, error.Code);
        if (error.Rule.EndsWith("the end of the value", StringComparison.Ordinal) && offset > 0) return;
        Assert.Throws<InvalidIpldException>(() => Skip(Hex.Bytes(hex)));
    }

    [Fact]
    public void Lists_and_maps_nest_128_deep_and_no_deeper()
    {
        byte[] lists = [.. Enumerable.Repeat((byte)0x81, DagCbor.MaxDepth), 0xf6];
        Assert.Equal(lists, DagCbor.Encode(DagCbor.Decode(lists)));
        Skip(lists);
        byte[] maps = [.. Enumerable.Repeat(new byte[] { 0xa1, 0x60 }, DagCbor.MaxDepth).SelectMany(b => b), 0xf6];
        Assert.Equal(maps, DagCbor.Encode(DagCbor.Decode(maps)));
        foreach (byte[] deeper in new byte[][] { [0x81, .. lists], [0xa1, 0x60, .. lists], [0x81, .. maps] })
        {
            var error = Assert.Throws<InvalidIpldException>(() => DagCbor.Decode(deeper));
            Assert.Equal("lists and maps nest deeper than 128", error.Rule);
            Assert.Equal(error.Offset, Assert.Throws<InvalidIpldException>(() => Skip(deeper)).Offset);
        }

        Assert.Equal(DagCbor.MaxDepth, Assert.Throws<InvalidIpldException>(() => DagCbor.Decode([0x81, .. lists])).Offset);
    }

    // Goal: what is announced costs nothing. Method: lists in each other, each of which claims all that is left.
    [Fact]
    public void Claims_in_claims_take_no_memory()
    {
        byte[] block = new byte[1 << 20];
        for (int at = 0, left = block.Length; at < 127 * 5; at += 5)
        {
            left = block.Length - at - 5;
            block[at] = 0x9a;
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(block.AsSpan(at + 1), left);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<InvalidIpldException>(() => DagCbor.Decode(block));
        long taken = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Contains("does not fit", error.Rule, StringComparison.Ordinal);
        Assert.True(taken < 10 * block.Length, $"{taken} bytes");
    }

    [Theory]
    [InlineData("61", IpldReadOptions.Lenient, "text of 1 bytes where 0 are left")]
    [InlineData("9f01ff", IpldReadOptions.Lenient, "an item of indefinite length")]
    [InlineData("c001", IpldReadOptions.Lenient, "tag 0; only 42, of links, is allowed")]
    [InlineData("f97e00", IpldReadOptions.Lenient, "a float is finite, neither NaN nor infinity")]
    [InlineData("fa7f800000", IpldReadOptions.Lenient, "a float is finite, neither NaN nor infinity")]
    [InlineData("a2 6161 01 6161 02", IpldReadOptions.Lenient, "a key occurs twice in a map")]
    [InlineData("a2 61ff 01 61fe 02", IpldReadOptions.Lenient, "a key occurs twice in a map")]
    [InlineData("a3 6161 01 6162 01 6161 02", IpldReadOptions.AllowUnsorted, "a key occurs twice in a map")]
    [InlineData("a1 01 01", IpldReadOptions.Lenient, "a map's key is not text")]
    [InlineData("0000", IpldReadOptions.Lenient, "1 bytes follow the end of the value")]
    [InlineData("d82a 6161", IpldReadOptions.Lenient, "tag 42 is not on bytes")]
    [InlineData("e0", IpldReadOptions.Lenient, "of the simple values only false, true and null are allowed")]
    public void Some_rules_hold_for_lenient_readers_too(string hex, IpldReadOptions options, string rule) =>
        Assert.Equal(rule, Assert.Throws<InvalidIpldException>(() => DagCbor.Decode(Hex.Bytes(hex), options)).Rule);

    [Theory]
    [InlineData("1817", IpldReadOptions.AllowLongForms, "17")]
    [InlineData("1b0000000000000001", IpldReadOptions.AllowLongForms, "01")]
    [InlineData("3900ff", IpldReadOptions.AllowLongForms, "38ff")]
    [InlineData("9a00000001 780161", IpldReadOptions.AllowLongForms, "816161")]
    [InlineData("da0000002a 4600" + Hex.Cid, IpldReadOptions.AllowLongForms, Hex.Link)]
    [InlineData("a2 6162 01 6161 02", IpldReadOptions.AllowUnsorted, "a2616102616201")]
    [InlineData("a2 626161 01 6162 a2 6164 01 6163 02", IpldReadOptions.AllowUnsorted, "a26162a261630261640162616101")]
    [InlineData("f93c00", IpldReadOptions.AllowShortFloats, "fb3ff0000000000000")]
    [InlineData("f90001", IpldReadOptions.AllowShortFloats, "fb3e70000000000000")]
    [InlineData("fa3f99999a", IpldReadOptions.AllowShortFloats, "fb3ff3333340000000")]
    [InlineData("81 f7", IpldReadOptions.AllowUndefined, "81f6")]
    [InlineData("62 61ff", IpldReadOptions.AllowIllFormedText, "6461efbfbd")]
    [InlineData("a2 61ff 01 6261ff 02", IpldReadOptions.AllowIllFormedText, "a263efbfbd016461efbfbd02")]
    [InlineData("a2 61ff 01 626161 02", IpldReadOptions.AllowIllFormedText, "a2626161 02 63efbfbd 01")]
    public void A_lenient_reader_lets_one_rule_pass_and_the_node_is_written_canonically(
        string hex, IpldReadOptions option, string canonical)
    {
        byte[] block = Hex.Bytes(hex);
        IpldNode node = DagCbor.Decode(block, option);
        Assert.Equal(canonical.Replace(" ", "", StringComparison.Ordinal), Hex.Of(DagCbor.Encode(node)));
        Assert.Equal(node, DagCbor.Decode(block, IpldReadOptions.Lenient));
        Assert.Equal(node, DagCbor.Decode(DagCbor.Encode(node)));
        Assert.Throws<InvalidIpldException>(() => DagCbor.Decode(block, IpldReadOptions.Lenient & ~option));
    }

    [Fact]
    public void A_long_identity_digest_in_a_link_is_for_lenient_readers()
    {
        byte[] block = [0xd8, 0x2a, 0x58, 135, 0, 1, 0x55, 0, 0x81, 1, .. new byte[129]];
        Assert.Throws<InvalidIpldException>(
            () => DagCbor.Decode(block, IpldReadOptions.Lenient & ~IpldReadOptions.AllowLongIdentity));
        IpldNode node = DagCbor.Decode(block, IpldReadOptions.AllowLongIdentity);
        Assert.Equal(129, node.AsLink().Hash.DigestLength);
        Assert.Equal(block, DagCbor.Encode(node));
    }

    private static void Skip(byte[] block)
    {
        var reader = new DagCborReader(block);
        reader.Skip();
    }
}
