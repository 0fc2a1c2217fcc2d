namespace ArrowCid.Tests.Multiformats;

/// <summary>What is a CID and what is not: a test for each kind of input that implementations differ on.</summary>
public class CidStrictnessTests
{
    private const string Digest = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";

    [Theory]
    [InlineData("8100 55 12 20" + Digest)]
    [InlineData("01 d500 12 20" + Digest)]
    [InlineData("01 55 9200 20" + Digest)]
    [InlineData("01 55 12 a000" + Digest)]
    [InlineData("01 55 12 a08000" + Digest)]
    public void A_varint_that_is_not_minimal_is_refused(string hex) => Refuses(hex, CidError.VarintNotMinimal);

    [Theory]
    [InlineData("81818181818181818101 55 12 20" + Digest)]
    [InlineData("01 ffffffffffffffffff01 12 20" + Digest)]
    [InlineData("01 55 ffffffffffffffffff01 20" + Digest)]
    [InlineData("01 55 12 ffffffffffffffffff01" + Digest)]
    public void A_varint_over_nine_bytes_is_refused(string hex) => Refuses(hex, CidError.VarintTooLong);

    [Fact]
    public void The_greatest_codec_is_read_and_shown_as_a_number()
    {
        var cid = Cid.FromBytes(Known.Hex("01 ffffffffffffffff7f 12 20" + Digest));
        Assert.Equal(0x7fff_ffff_ffff_ffffUL, cid.Codec);
        Assert.Contains(" - 0x7fffffffffffffff - ", cid.ToString("L"), StringComparison.Ordinal);
        Assert.Equal(cid, Cid.Parse(cid.ToString()));
        Assert.Equal(cid, Cid.Create(0x7fff_ffff_ffff_ffff, cid.Hash));
        Assert.Throws<ArgumentOutOfRangeException>(() => Cid.Create(1UL << 63, cid.Hash));
        Assert.Throws<ArgumentOutOfRangeException>(() => cid.WithCodec(ulong.MaxValue));
    }

    [Fact]
    public void Bytes_behind_a_CID_are_refused_but_in_a_stream()
    {
        byte[] v1 = Known.Hex(Known.HelloHex + "00"), v0 = Known.Hex("1220" + Digest + "77");
        Assert.Equal(CidError.TrailingBytes, Known.ErrorOf(v1));
        Assert.Equal(CidError.TrailingBytes, Known.ErrorOf(v0));
        Assert.Equal(CidError.TrailingBytes, Known.ErrorOf(Multibase.Encode('b', v1)));
        Assert.True(Cid.TryReadFrom(v1, out Cid first, out int consumed));
        Assert.Equal((Known.Hello, 36), (first, consumed));
        Assert.True(Cid.TryReadFrom(v0, out Cid second, out consumed));
        Assert.Equal((Cid.Parse(Known.HelloV0), 34), (second, consumed));
    }

    [Theory]
    [InlineData('z')]
    [InlineData('b')]
    [InlineData('f')]
    [InlineData('u')]
    [InlineData('k')]
    public void Version_0_behind_a_multibase_prefix_is_refused(char prefix) => Assert.Equal(
        CidError.Version0InMultibase, Known.ErrorOf(Multibase.Encode(prefix, Known.Hex("1220" + Digest))));

    [Fact]
    public void Version_0_text_behind_z_is_refused() =>
        Assert.Equal(CidError.Version0InMultibase, Known.ErrorOf("z" + Known.HelloV0));

    [Theory]
    [InlineData("00 55 12 20" + Digest)]
    [InlineData("00 70 12 20" + Digest)]
    [InlineData("00")]
    public void An_explicit_version_0_is_refused(string hex) => Refuses(hex, CidError.ExplicitVersion0);

    [Theory]
    [InlineData("02 55 12 20" + Digest)]
    [InlineData("03 55 12 20" + Digest)]
    [InlineData("13 20" + Digest)]
    [InlineData("8001 55 12 20" + Digest)]
    public void Reserved_and_unknown_versions_are_refused(string hex) => Refuses(hex, CidError.UnsupportedVersion);

    [Theory]
    [InlineData("12 1f b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcd")]
    [InlineData("12 21" + Digest + "00")]
    [InlineData("12 55 12 20" + Digest)]
    public void Version_0_with_another_digest_length_is_refused(string hex) =>
        Assert.Equal(CidError.InvalidVersion0, Known.ErrorOf(Known.Hex(hex)));

    [Fact]
    public void Base_58_of_a_bare_31_byte_multihash_is_refused()
    {
        string text = Multibase.Encode('z', Known.Hex("121f" + Digest[2..]));
        Assert.StartsWith("z6P", text, StringComparison.Ordinal);
        Assert.Equal(CidError.Version0InMultibase, Known.ErrorOf(text));
        Assert.Equal(CidError.UnknownMultibase, Known.ErrorOf(text[1..]));
    }

    [Fact]
    public void A_34_byte_CID_of_version_1_is_not_taken_for_version_0()
    {
        var cid = Cid.FromBytes(Known.Hex("01 55 12 1e" + Digest[4..]));
        Assert.Equal((34, 1, 30), (cid.ByteLength, cid.Version, cid.Hash.DigestLength));
    }

    [Theory]
    [InlineData(31)]
    [InlineData(20)]
    [InlineData(0)]
    public void A_truncated_digest_is_read_and_says_so(int length)
    {
        var cid = Cid.Create(Multicodec.Raw, Multihash.Create(Multicodec.Sha256, Known.Hex(Digest).AsSpan(0, length)));
        Assert.Equal(cid, Cid.Parse(cid.ToString()));
        Assert.True(cid.IsTruncated);
        Assert.Throws<InvalidOperationException>(() => cid.WithCodec(Multicodec.DagPb).ToV0());
    }

    [Fact]
    public void Nonzero_bits_behind_the_last_byte_are_refused()
    {
        // 36 bytes end two bits into the 58th character: four values of it, of which one has zero bits behind.
        string start = Known.HelloText[..^1];
        foreach (char last in "fgh") Assert.Equal(CidError.NonZeroTrailingBits, Known.ErrorOf(start + last));
        Assert.Equal(CidError.None, Known.ErrorOf(start + 'i'));
        Assert.Equal(CidError.NonZeroTrailingBits, Known.ErrorOf("bafkqaab"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    public void A_length_that_no_bytes_have_is_refused(int rest) =>
        Assert.Equal(CidError.InvalidLength, Known.ErrorOf("b" + new string('a', 8 + rest)));

    [Fact]
    public void Text_in_another_case_is_read_and_normalised()
    {
        string body = Known.HelloText[1..];
        string mixed = string.Concat(body.Select((c, i) => i % 3 == 0 ? char.ToUpperInvariant(c) : c));
        string[] texts =
        [
            "b" + body.ToUpperInvariant(), "b" + mixed, "B" + mixed, "B" + body,
            "f" + Known.HelloHex.ToUpperInvariant(), "F" + Known.HelloHex,
        ];
        foreach (string text in texts)
        {
            Assert.Equal(Known.Hello, Cid.Parse(text));
            Assert.Equal(Known.Hello.GetHashCode(), Cid.Parse(text).GetHashCode());
            Assert.Equal(Known.HelloText, Cid.Parse(text).ToString());
        }
    }

    [Theory]
    [InlineData("======")]
    [InlineData("====")]
    [InlineData("=")]
    public void Padding_behind_b_is_refused(string padding) =>
        Assert.Equal(CidError.InvalidPadding, Known.ErrorOf(Known.HelloText + padding));

    [Theory]
    [InlineData("", CidError.Empty)]
    [InlineData("b", CidError.Truncated)]
    [InlineData("z", CidError.Truncated)]
    [InlineData("/ipfs/" + Known.HelloText, CidError.UnknownMultibase)]
    [InlineData("ipfs://" + Known.HelloText, CidError.UnknownMultibase)]
    [InlineData(" " + Known.HelloText, CidError.UnknownMultibase)]
    [InlineData(Known.HelloText + " ", CidError.InvalidCharacter)]
    [InlineData(Known.HelloText + "\n", CidError.InvalidCharacter)]
    [InlineData(Known.HelloText + "\0", CidError.InvalidCharacter)]
    [InlineData(Known.HelloText + "/a", CidError.InvalidCharacter)]
    [InlineData("bafkreifzjut3té2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e", CidError.InvalidCharacter)]
    [InlineData("bafkreifzjut3t\u0131", CidError.InvalidCharacter)]
    [InlineData("🚀", CidError.UnknownMultibase)]
    [InlineData("9573277761329450583662625", CidError.UnknownMultibase)]
    [InlineData("12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5", CidError.UnknownMultibase)]
    [InlineData(Known.HelloV0 + "\n", CidError.InvalidVersion0)]
    public void What_is_not_a_CID_alone_is_refused(string text, CidError error) =>
        Assert.Equal(error, Known.ErrorOf(text));

    [Theory]
    [InlineData("QmaozNR7DZHQK1ZcU9p7QdrshMvXqWK6gpu5rmrkPdT3L", CidError.InvalidVersion0)]
    [InlineData("QmaozNR7DZHQK1ZcU9p7QdrshMvXqWK6gpu5rmrkPdT3L44", CidError.InvalidVersion0)]
    [InlineData("Qm", CidError.InvalidVersion0)]
    [InlineData("QmaozNR7DZHQK1ZcU9p7QdrshMvXqWK6gpu5rmrkPdT3l4", CidError.InvalidCharacter)]
    [InlineData("QmaozNR7DZHQK1ZcU9p7QdrshMvXqWK6gpu5rmrkPdT3O4", CidError.InvalidCharacter)]
    [InlineData("QmaozNR7DZHQK1ZcU9p7QdrshMvXqWK6gpu5rmrkPdT304", CidError.InvalidCharacter)]
    [InlineData("QmaozNR7DZHQK1ZcU9p7QdrshMvXqWK6gpu5rmrkPdT3é4", CidError.InvalidCharacter)]
    [InlineData("Qnaoz", CidError.UnknownMultibase)]
    public void Version_0_text_of_another_length_or_alphabet_is_refused(string text, CidError error)
    {
        // A character outside ASCII makes the UTF-8 longer, so only the characters are asked there.
        _ = Cid.TryParse(text.AsSpan(), out Cid cid, out CidError found);
        Assert.Equal((error, true), (found, cid.IsDefault));
    }

    [Fact]
    public void A_long_identity_digest_is_refused_unless_the_caller_lets_it_pass()
    {
        byte[] least = Identity(129), most = Identity(1024), allowed = Identity(128);
        Assert.Equal(CidError.None, Known.ErrorOf(allowed));
        Assert.Equal(CidError.IdentityTooLong, Known.ErrorOf(least));
        Assert.Equal(CidError.IdentityTooLong, Known.ErrorOf(Multibase.Encode('b', least)));
        Assert.Equal(CidError.None, Known.ErrorOf(least, CidParseOptions.AllowLongIdentity));
        Assert.Equal(CidError.None, Known.ErrorOf(most, CidParseOptions.AllowLongIdentity));
        Assert.Equal(CidError.DigestTooLong, Known.ErrorOf(Identity(1025), CidParseOptions.AllowLongIdentity));
        var cid = Cid.FromBytes(most, CidParseOptions.AllowLongIdentity);
        Assert.Equal(most, cid.ToBytes());
        Assert.All("bfzkmML", format => Assert.True(cid.ToString(format.ToString()).Length > 1024));
        Assert.Equal(CidError.None, Known.ErrorOf(cid.ToString("f"), CidParseOptions.AllowLongIdentity));
        Assert.Throws<ArgumentException>(() => Multihash.Create(Multicodec.Identity, new byte[129]));
    }

    [Theory]
    [InlineData("01 b960 b960 04 01020304")]
    [InlineData("01 55 1e 20" + Digest)]
    [InlineData("01 00 00 00")]
    public void Unknown_codecs_and_hash_functions_are_carried(string hex)
    {
        byte[] bytes = Known.Hex(hex);
        var cid = Cid.FromBytes(bytes);
        Assert.Equal(bytes, cid.ToBytes());
        Assert.Equal(cid, Cid.Parse(cid.ToString()));
    }

    [Theory]
    [InlineData("01 55 12 20 aabb", CidError.Truncated)]
    [InlineData("01 55 12 8008 aabb", CidError.Truncated)]
    [InlineData("01 55 12 8108 aabb", CidError.DigestTooLong)]
    [InlineData("01 55 12 ffffffffffffffff7f aabb", CidError.DigestTooLong)]
    [InlineData("01 55 12", CidError.Truncated)]
    [InlineData("01 55", CidError.Truncated)]
    [InlineData("01", CidError.Truncated)]
    [InlineData("12", CidError.Truncated)]
    [InlineData("1220", CidError.Truncated)]
    [InlineData("", CidError.Truncated)]
    public void A_digest_length_beyond_the_bytes_is_refused_without_taking_memory(string hex, CidError error)
    {
        byte[] bytes = Known.Hex(hex);
        _ = Cid.TryFromBytes(bytes, out _, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool read = Cid.TryFromBytes(bytes, out Cid cid, out CidError found);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal((false, error, true), (read, found, cid.IsDefault));
        Assert.False(Cid.TryReadFrom(bytes, out _, out int consumed));
        Assert.Equal(0, consumed);
    }

    [Fact]
    public void Every_prefix_of_a_CID_is_truncated()
    {
        foreach (byte[] whole in (byte[][])[Known.Hello.ToBytes(), Cid.Parse(Known.HelloV0).ToBytes()])
        {
            for (int length = 0; length < whole.Length; length++)
            {
                Assert.Equal(CidError.Truncated, Known.ErrorOf(whole[..length]));
            }
        }
    }

    [Fact]
    public void Text_over_the_cap_is_refused_before_any_work()
    {
        foreach (char prefix in "bzkfmuBKFcCMUQ")
        {
            foreach (int length in (int[])[Cid.MaxTextLength + 1, 1_000_000])
            {
                string text = prefix + new string('2', length - 1);
                long before = GC.GetAllocatedBytesForCurrentThread();
                Assert.False(Cid.TryParse(text, out _));
                Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
                Assert.False(Cid.TryParse(text.AsSpan(), out _, out CidError error));
                Assert.Equal(CidError.TooLong, error);
            }

            Assert.NotEqual(CidError.TooLong, Known.ErrorOf(prefix + new string('2', Cid.MaxTextLength - 1)));
        }
    }

    [Fact]
    public void Every_error_has_words_and_is_thrown_with_them_and_a_shortened_text()
    {
        CidError[] errors = Enum.GetValues<CidError>();
        Assert.Equal(Enumerable.Range(0, 18), errors.Select(e => (int)e));
        Assert.Equal(errors.Length, errors.Select(Cid.Describe).Distinct().Count());
        Assert.All(errors, e => Assert.DoesNotContain("error 1", Cid.Describe(e), StringComparison.Ordinal));

        string text = "b\n" + new string('!', 500);
        byte[] utf8 = System.Text.Encoding.UTF8.GetBytes(text);
        foreach (Action parse in (Action[])[() => Cid.Parse(text), () => Cid.Parse(utf8)])
        {
            ArrowCidException thrown = Assert.Throws<ArrowCidException>(parse);
            Assert.Equal(ErrorCode.InvalidCid, thrown.Code);
            Assert.Contains(Cid.Describe(CidError.InvalidCharacter), thrown.Message, StringComparison.Ordinal);
            Assert.Contains("'b?!!!", thrown.Message, StringComparison.Ordinal);
            Assert.InRange(thrown.Message.Length, 50, 200);
        }

        ArrowCidException binary = Assert.Throws<ArrowCidException>(() => Cid.FromBytes(new byte[3000]));
        Assert.Equal(ErrorCode.InvalidCid, binary.Code);
        Assert.Contains(Cid.Describe(CidError.ExplicitVersion0), binary.Message, StringComparison.Ordinal);
        Assert.InRange(binary.Message.Length, 50, 250);
        Assert.Throws<ArgumentNullException>(() => Cid.Parse(null!));
        Assert.False(Cid.TryParse(null, out _));
    }

    private static byte[] Identity(int length)
    {
        byte[] bytes = new byte[5 + length];
        bytes[0] = 1;
        bytes[1] = 0x55;
        int header = 3 + Varint.Write(bytes.AsSpan(3), (ulong)length);
        return bytes[..(header + length)];
    }

    private static void Refuses(string hex, CidError error)
    {
        byte[] bytes = Known.Hex(hex);
        Assert.Equal(error, Known.ErrorOf(bytes));
        Assert.Equal(error, Known.ErrorOf(Multibase.Encode('b', bytes)));
        Assert.False(Cid.TryReadFrom(bytes, out _, out int consumed));
        Assert.Equal(0, consumed);
    }
}
