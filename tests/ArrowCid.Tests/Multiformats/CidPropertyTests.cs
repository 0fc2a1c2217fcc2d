namespace ArrowCid.Tests.Multiformats;

public class CidPropertyTests
{
    private const string Bases = "bBcCkKzfFmMuU";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Any_CID_comes_back_from_its_bytes_and_from_its_text_in_every_base(int seed)
    {
        Random random = new(seed);
        for (int i = 0; i < 400; i++)
        {
            byte[] digest = new byte[random.Next(random.Next(4) == 0 ? Multihash.MaxDigestLength + 1 : 65)];
            random.NextBytes(digest);
            ulong code = (ulong)random.NextInt64(1, long.MaxValue) >> random.Next(63) | 1;
            ulong codec = (ulong)random.NextInt64() >> random.Next(63);
            var cid = Cid.Create(codec, Multihash.Create(code, digest));
            string at = $"seed {seed}, case {i}";
            byte[] bytes = cid.ToBytes();
            Assert.True(cid == Cid.FromBytes(bytes) && bytes.Length == cid.ByteLength, at);
            Multihash hash = cid.Hash;
            Assert.True(cid.Codec == codec && hash.Code == code && hash.Digest.SequenceEqual(digest), at);
            Assert.True(Multihash.FromBytes(hash.ToBytes()) == hash && hash.DigestLength == digest.Length, at);
            Assert.True(hash.ToBytes().Length == hash.ByteLength, at);
            Assert.True(cid.ToString() == cid.ToString("b"), at);
            foreach (char prefix in Bases)
            {
                string text = cid.ToString(prefix.ToString());
                Assert.True(text[0] == prefix && Cid.Parse(text) == cid, $"{at}, base {prefix}");
                Assert.True(text == Multibase.Encode(prefix, bytes), $"{at}, base {prefix}");
            }
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void Text_that_parses_is_a_text_of_the_same_bytes_and_what_does_not_parse_throws_nothing(int seed)
    {
        Random random = new(seed);
        const string Characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/-_= \n\u00e9";
        string[] originals = [Known.HelloText, Known.HelloV0, .. Bases.Select(b => Known.Hello.ToString(b.ToString()))];
        int parsed = 0, refused = 0;
        for (int i = 0; i < 20_000; i++)
        {
            char[] text = originals[random.Next(originals.Length)].ToCharArray();
            for (int edits = random.Next(1, 4); edits > 0; edits--)
            {
                text[random.Next(text.Length)] = Characters[random.Next(Characters.Length)];
            }

            if (random.Next(8) == 0) text = text[..random.Next(text.Length + 1)];
            if (!Cid.TryParse(text, out Cid cid, out CidError error))
            {
                Assert.True(error != CidError.None && cid.IsDefault, $"seed {seed}, case {i}");
                refused++;
                continue;
            }

            parsed++;
            string format = cid.Version == 0 ? "G" : text[0].ToString();
            Assert.True(cid.ToString(format).Equals(new string(text), StringComparison.OrdinalIgnoreCase),
                $"seed {seed}, case {i}: {new string(text)}");
        }

        Assert.True(parsed > 500 && refused > 500, $"seed {seed}: {parsed} parsed, {refused} refused");
    }

    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    public void Bytes_that_read_are_written_as_they_were(int seed)
    {
        Random random = new(seed);
        int read = 0, refused = 0;
        for (int i = 0; i < 50_000; i++)
        {
            byte[] bytes = new byte[random.Next(48)];
            random.NextBytes(bytes);
            Known.Hello.ToBytes().AsSpan(0, Math.Min(random.Next(6), bytes.Length)).CopyTo(bytes);
            if (!Cid.TryReadFrom(bytes, out Cid cid, out int consumed))
            {
                refused++;
                continue;
            }

            read++;
            Assert.True(cid.ToBytes().AsSpan().SequenceEqual(bytes.AsSpan(0, consumed)), $"seed {seed}, case {i}");
        }

        Assert.True(read > 1000 && refused > 1000, $"seed {seed}: {read} read, {refused} refused");
    }
}
