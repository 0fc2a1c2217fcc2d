using System.Text;

namespace ArrowCid.Tests.Multiformats;

public class MultibaseTests
{
    private const string Bases = "bBcCkKzfFmMuU";

    [Fact]
    public void The_projects_basic_table_holds_both_ways()
    {
        int asserted = 0;
        foreach (string text in Texts("multibase-basic.csv"))
        {
            if (!Multibase.IsSupported(text[0])) continue;
            Assert.Equal("yes mani !", Encoding.ASCII.GetString(Multibase.Decode(text)));
            Assert.Equal(text, Multibase.Encode(text[0], "yes mani !"u8));
            asserted++;
        }

        Assert.Equal(13, asserted);
    }

    [Fact]
    public void The_projects_table_of_mixed_case_is_read()
    {
        int asserted = 0;
        foreach (string text in Texts("multibase-case_insensitivity.csv"))
        {
            if (!Multibase.IsSupported(text[0])) continue;
            Assert.Equal("hello world", Encoding.ASCII.GetString(Multibase.Decode(text)));
            asserted++;
        }

        Assert.Equal(8, asserted);
    }

    [Theory]
    [InlineData("f0000796573206d616e692021")]
    [InlineData("F0000796573206D616E692021")]
    [InlineData("baaahszltebwwc3tjeaqq")]
    [InlineData("BAAAHSZLTEBWWC3TJEAQQ")]
    [InlineData("caaahszltebwwc3tjeaqq====")]
    [InlineData("CAAAHSZLTEBWWC3TJEAQQ====")]
    [InlineData("k002lcpzo5yikidynfl")]
    [InlineData("K002LCPZO5YIKIDYNFL")]
    [InlineData("z117paNL19xttacUY")]
    [InlineData("mAAB5ZXMgbWFuaSAh")]
    [InlineData("MAAB5ZXMgbWFuaSAh")]
    [InlineData("uAAB5ZXMgbWFuaSAh")]
    [InlineData("UAAB5ZXMgbWFuaSAh")]
    public void Leading_zero_bytes_are_kept(string text)
    {
        byte[] bytes = [0, 0, .. "yes mani !"u8];
        Assert.Equal(text, Multibase.Encode(text[0], bytes));
        Assert.Equal(bytes, Multibase.Decode(text));
    }

    [Fact]
    public void Every_length_comes_back_in_every_base()
    {
        const int Seed = 31;
        Random random = new(Seed);
        foreach (char prefix in Bases)
        {
            for (int length = 0; length <= 130; length++)
            {
                byte[] bytes = new byte[length];
                random.NextBytes(bytes);
                if (length % 3 == 0) Array.Clear(bytes, 0, length / 2);
                if (length % 7 == 0) Array.Fill(bytes, (byte)0xff, length / 2, length - length / 2);
                string text = Multibase.Encode(prefix, bytes);
                Assert.True(bytes.SequenceEqual(Multibase.Decode(text)), $"seed {Seed}, base {prefix}, {length} bytes");
            }

            foreach (byte[] bytes in (byte[][])[new byte[2048], [.. Enumerable.Repeat((byte)0xff, 2048)]])
            {
                Assert.Equal(bytes, Multibase.Decode(Multibase.Encode(prefix, bytes)));
            }
        }
    }

    [Fact]
    public void Base_64_and_16_agree_with_the_BCL()
    {
        const int Seed = 32;
        Random random = new(Seed);
        for (int length = 0; length < 100; length++)
        {
            byte[] bytes = new byte[length];
            random.NextBytes(bytes);
            string padded = Convert.ToBase64String(bytes), url = padded.Replace('+', '-').Replace('/', '_');
            Assert.Equal("M" + padded, Multibase.Encode('M', bytes));
            Assert.Equal("m" + padded.TrimEnd('='), Multibase.Encode('m', bytes));
            Assert.Equal("U" + url, Multibase.Encode('U', bytes));
            Assert.Equal("u" + url.TrimEnd('='), Multibase.Encode('u', bytes));
            Assert.Equal("f" + Convert.ToHexStringLower(bytes), Multibase.Encode('f', bytes));
            Assert.Equal("F" + Convert.ToHexString(bytes), Multibase.Encode('F', bytes));
        }
    }

    [Theory]
    [InlineData("", CidError.Empty)]
    [InlineData("x", CidError.UnknownMultibase)]
    [InlineData("\0", CidError.UnknownMultibase)]
    [InlineData("0101", CidError.UnknownMultibase)]
    [InlineData("é", CidError.UnknownMultibase)]
    [InlineData("fé", CidError.InvalidCharacter)]
    [InlineData("f0g", CidError.InvalidCharacter)]
    [InlineData("f0", CidError.InvalidLength)]
    [InlineData("f000", CidError.InvalidLength)]
    [InlineData("ba", CidError.InvalidLength)]
    [InlineData("baaa", CidError.InvalidLength)]
    [InlineData("baaaaaa", CidError.InvalidLength)]
    [InlineData("baaaaaaaaa", CidError.InvalidLength)]
    [InlineData("b1a", CidError.InvalidCharacter)]
    [InlineData("baaaaaaa1", CidError.InvalidCharacter)]
    [InlineData("bab", CidError.NonZeroTrailingBits)]
    [InlineData("baaab", CidError.NonZeroTrailingBits)]
    [InlineData("baaaab", CidError.NonZeroTrailingBits)]
    [InlineData("baaaaaab", CidError.NonZeroTrailingBits)]
    [InlineData("baa======", CidError.InvalidPadding)]
    [InlineData("baa=aaaaa", CidError.InvalidCharacter)]
    [InlineData("caa", CidError.InvalidPadding)]
    [InlineData("caa=====", CidError.InvalidPadding)]
    [InlineData("caa=======", CidError.InvalidPadding)]
    [InlineData("c========", CidError.InvalidPadding)]
    [InlineData("caaaaaaaa========", CidError.InvalidPadding)]
    [InlineData("caaa=====", CidError.InvalidLength)]
    [InlineData("caa=a====", CidError.InvalidCharacter)]
    [InlineData("cab======", CidError.NonZeroTrailingBits)]
    [InlineData("mA", CidError.InvalidLength)]
    [InlineData("mAB", CidError.NonZeroTrailingBits)]
    [InlineData("mAAB", CidError.NonZeroTrailingBits)]
    [InlineData("mAA==", CidError.InvalidPadding)]
    [InlineData("mAA\n", CidError.InvalidCharacter)]
    [InlineData("m-_-_", CidError.InvalidCharacter)]
    [InlineData("u+/+/", CidError.InvalidCharacter)]
    [InlineData("MAA", CidError.InvalidPadding)]
    [InlineData("MAA=", CidError.InvalidPadding)]
    [InlineData("MAAA====", CidError.InvalidPadding)]
    [InlineData("M====", CidError.InvalidPadding)]
    [InlineData("UAB==", CidError.NonZeroTrailingBits)]
    [InlineData("z0", CidError.InvalidCharacter)]
    [InlineData("zl", CidError.InvalidCharacter)]
    [InlineData("zI", CidError.InvalidCharacter)]
    [InlineData("zO", CidError.InvalidCharacter)]
    [InlineData("k-", CidError.InvalidCharacter)]
    public void What_is_not_the_text_of_any_bytes_is_refused(string text, CidError error)
    {
        Assert.False(Multibase.TryDecode(text, out byte[] bytes, out CidError found));
        Assert.Equal(error, found);
        Assert.Empty(bytes);
        ArrowCidException thrown = Assert.Throws<ArrowCidException>(() => Multibase.Decode(text));
        Assert.Equal(ErrorCode.InvalidCid, thrown.Code);
        Assert.Contains(Cid.Describe(error), thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_prefix_alone_is_no_bytes()
    {
        foreach (char prefix in Bases)
        {
            Assert.Empty(Multibase.Decode(prefix.ToString()));
            Assert.Equal(prefix.ToString(), Multibase.Encode(prefix, []));
        }
    }

    [Fact]
    public void Bases_that_cost_the_square_of_the_length_are_capped()
    {
        foreach (char prefix in "zkK")
        {
            Assert.True(Multibase.TryDecode(prefix + new string('2', 4096), out _, out _));
            Assert.False(Multibase.TryDecode(prefix + new string('2', 4097), out _, out CidError error));
            Assert.Equal(CidError.TooLong, error);
            string hostile = prefix + new string('2', 3_000_000);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.False(Multibase.TryDecode(hostile, out _, out _));
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.Throws<ArgumentException>(() => Multibase.Encode(prefix, new byte[2049]));
        }

        Assert.Throws<ArgumentException>(() => Multibase.Encode('x', []));
        byte[] large = new byte[1 << 20];
        Assert.Equal(large, Multibase.Decode(Multibase.Encode('b', large)));
    }

    private static IEnumerable<string> Texts(string file) => Known.Rows(file).Select(row => row[1].Trim('"'));
}
