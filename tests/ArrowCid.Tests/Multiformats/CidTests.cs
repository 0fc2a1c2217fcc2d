using System.Globalization;

namespace ArrowCid.Tests.Multiformats;

public class CidTests
{
    [Fact]
    public void The_default_is_no_CID_and_does_no_harm()
    {
        Cid none = default;
        Assert.True(none.IsDefault);
        Assert.Equal((0, 0UL, 0), (none.Version, none.Codec, none.ByteLength));
        foreach (string? format in (string?[])[null, "G", "b", "z", "L"]) Assert.Equal("", none.ToString(format));
        Assert.Throws<FormatException>(() => none.ToString("x"));
        Assert.Empty(none.ToBytes());
        Assert.True(none.TryWriteBytes([], out int written));
        Assert.True(none.TryFormat(Span<char>.Empty, out int chars));
        Assert.Equal((0, 0), (written, chars));
        Assert.Equal(default, none.Hash);
        Assert.Equal(default, none);
        Assert.Equal(default(Cid).GetHashCode(), none.GetHashCode());
        Assert.False(none.IsTruncated);
        Assert.Throws<InvalidOperationException>(() => none.ToV0());
        Assert.Throws<InvalidOperationException>(() => none.ToV1());
        Assert.Throws<InvalidOperationException>(() => none.WithCodec(Multicodec.Raw));
        Assert.NotEqual(none, Cid.Create(0, default));
        Assert.True(none < Cid.Create(0, default));
    }

    [Fact]
    public void Order_is_the_byte_order_of_the_binary_form()
    {
        const int Seed = 20_260_701;
        Random random = new(Seed);
        ulong[] codecs = [0, Multicodec.Raw, Multicodec.DagPb, 0x7f, 0x80, 0x129, 0x3fff, 0x4000, Varint.MaxValue];
        ulong[] codes = [0, 0x12, 0x13, 0x80, 0xb220];
        int[] lengths = [0, 1, 31, 32, 33, 127, 128];
        var directory = Cid.Parse("QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn");
        var cids = new List<Cid> { default, Cid.Parse(Known.HelloV0), directory };
        for (int i = 0; i < 120; i++)
        {
            byte[] digest = new byte[lengths[random.Next(lengths.Length)]];
            random.NextBytes(digest);
            if (random.Next(2) == 0) Array.Clear(digest, 0, digest.Length * 3 / 4);
            var hash = Multihash.Create(codes[random.Next(codes.Length)], digest);
            cids.Add(Cid.Create(codecs[random.Next(codecs.Length)], hash));
        }

        foreach (Cid left in cids)
        {
            foreach (Cid right in cids)
            {
                int expected = Math.Sign(left.ToBytes().AsSpan().SequenceCompareTo(right.ToBytes()));
                string at = $"seed {Seed}: {left:L} and {right:L}";
                Assert.True(expected == Math.Sign(left.CompareTo(right)), at);
                Assert.True(expected == Math.Sign(left.CompareTo((object)right)), at);
                Assert.True((expected < 0, expected <= 0) == (left < right, left <= right), at);
                Assert.True((expected > 0, expected >= 0) == (left > right, left >= right), at);
                Assert.True((expected == 0, expected != 0) == (left == right, left != right), at);
                Assert.True(expected != 0 || left.GetHashCode() == right.GetHashCode(), at);
            }
        }

        Assert.Equal(1, Known.Hello.CompareTo(null));
        Assert.Throws<ArgumentException>(() => Known.Hello.CompareTo("text"));
        Assert.False(Known.Hello.Equals((object)Known.HelloText));
    }

    [Fact]
    public void CIDs_of_the_same_digest_but_another_codec_hash_or_version_differ()
    {
        Cid[] cids =
        [
            default, Known.Hello, Known.Hello.WithCodec(Multicodec.DagPb), Cid.Parse(Known.HelloV0),
            Cid.Create(Multicodec.Raw, Multihash.Create(Multicodec.Blake3, Known.Hello.Hash.ToBytes().AsSpan(2))),
            Cid.Create(Multicodec.Raw, Multihash.Create(Multicodec.Sha256, Known.Hello.Hash.ToBytes().AsSpan(2, 31))),
        ];
        Assert.Equal(cids.Length, cids.ToHashSet().Count);
        Assert.Equal(cids.Length, cids.Select(cid => cid.GetHashCode()).Distinct().Count());
    }

    [Fact]
    public void The_long_format_names_all_parts()
    {
        const string Hex = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";
        Assert.Equal($"base32 - cidv1 - raw - sha2-256-256-{Hex}", Known.Hello.ToString("L"));
        Assert.Equal($"base58btc - cidv0 - dag-pb - sha2-256-256-{Hex}", Cid.Parse(Known.HelloV0).ToString("L"));
        Assert.Equal("base32 - cidv1 - 0x01 - 0x300000-8-ff",
            Cid.Create(1, Multihash.Create(0x300000, [0xff])).ToString("L"));
    }

    [Fact]
    public void Formats_that_are_none_and_bases_that_version_0_has_not_are_refused()
    {
        foreach (string format in (string[])["x", "l", "g", "bb", "v", "\0", "é"])
        {
            Assert.Throws<FormatException>(() => Known.Hello.ToString(format));
            Assert.Throws<FormatException>(() => Known.Hello.TryFormat(new char[200], out _, format));
        }

        var v0 = Cid.Parse(Known.HelloV0);
        foreach (string format in (string[])["b", "B", "f", "k", "u", "m"])
        {
            Assert.Throws<FormatException>(() => v0.ToString(format));
        }

        Assert.Equal(Known.HelloV0, v0.ToString("z"));
    }

    [Fact]
    public void Text_goes_into_spans_that_are_long_enough_and_into_no_others()
    {
        char[] chars = new char[59];
        byte[] utf8 = new byte[59];
        Assert.True(Known.Hello.TryFormat(chars, out int written));
        Assert.Equal(Known.HelloText, new string(chars, 0, written));
        Assert.True(Known.Hello.TryFormat(utf8, out written));
        Assert.Equal(Known.HelloText, System.Text.Encoding.UTF8.GetString(utf8, 0, written));
        Assert.False(Known.Hello.TryFormat(chars.AsSpan(0, 58), out written));
        Assert.Equal(0, written);
        Assert.False(Known.Hello.TryFormat(utf8.AsSpan(0, 58), out written));
        Assert.Equal(0, written);
        Assert.False(Known.Hello.TryWriteBytes(new byte[35], out written));
        Assert.Equal(0, written);
        Assert.Equal($"<{Known.HelloText}>", string.Create(CultureInfo.InvariantCulture, $"<{Known.Hello}>"));
        Assert.Equal("f" + Known.HelloHex, string.Create(CultureInfo.InvariantCulture, $"{Known.Hello:f}"));
    }

    [Fact]
    public void The_interfaces_of_NET_reach_the_same_parser()
    {
        Assert.Equal(Known.Hello, ParseAs<Cid>(Known.HelloText));
        Assert.Equal(Known.Hello, ParseUtf8As<Cid>("bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"u8));
        Assert.True(Cid.TryParse(Known.HelloText, CultureInfo.InvariantCulture, out Cid cid));
        Assert.True(Cid.TryParse(Known.HelloText.AsSpan(), null, out Cid same));
        Assert.Equal((Known.Hello, Known.Hello), (cid, same));
        Assert.False(Cid.TryParse("b"u8, null, out _));

        static T ParseAs<T>(string text) where T : ISpanParsable<T> => T.Parse(text, null);
        static T ParseUtf8As<T>(ReadOnlySpan<byte> text) where T : IUtf8SpanParsable<T> => T.Parse(text, null);
    }

    [Fact]
    public void Parsing_and_formatting_a_SHA_256_CID_takes_no_memory()
    {
        char[] chars = new char[64];
        byte[] utf8 = new byte[64];
        string[] texts = [Known.HelloText, Known.HelloV0, Known.Hello.ToString("f"), Known.Hello.ToString("z")];
        RoundTrips(100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        int roundTrips = RoundTrips(100);
        long taken = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal((400, 0), (roundTrips, taken));

        int RoundTrips(int count)
        {
            int same = 0;
            for (int i = 0; i < count; i++)
            {
                foreach (string text in texts)
                {
                    Cid cid = Cid.Parse(text);
                    bool written = cid.TryFormat(chars, out int charCount) & cid.TryFormat(utf8, out int byteCount)
                        & Cid.TryParse(chars.AsSpan(0, charCount), out Cid one, out _)
                        & Cid.TryParse(utf8.AsSpan(0, byteCount), out Cid two, out _)
                        & cid.TryWriteBytes(utf8, out int length)
                        & Cid.TryReadFrom(utf8.AsSpan(0, length), out Cid three, out _);
                    if (written && one == cid && two == cid && three.CompareTo(cid) == 0) same++;
                }
            }

            return same;
        }
    }
}
