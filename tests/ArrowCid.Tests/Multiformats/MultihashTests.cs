using System.Security.Cryptography;
using System.Text;

namespace ArrowCid.Tests.Multiformats;

public class MultihashTests
{
    [Fact]
    public void The_projects_table_of_digests_holds()
    {
        int asserted = 0, skipped = 0;
        foreach (string[] row in Known.Rows("multihash-test_cases.csv"))
        {
            byte[] content = Encoding.ASCII.GetBytes(row[2]);
            var hash = Multihash.FromBytes(Known.Hex(row[3]));
            int length = int.Parse(row[1]) / 8;
            Assert.Equal(row[0] == "sha3" ? "sha3-512" : row[0], Multicodec.Name(hash.Code));
            Assert.Equal(length, hash.DigestLength);
            Assert.Equal(row[3], Convert.ToHexStringLower(hash.ToBytes()));
            if (row[0] == "sha3" && !SHA3_512.IsSupported)
            {
                Assert.Equal(HashVerification.Unverifiable, hash.Verify(content));
                skipped++;
                continue;
            }

            Assert.True(Multihash.TryCompute(hash.Code, content, out Multihash whole));
            Assert.False(whole.IsTruncated);
            Assert.Equal(length < whole.DigestLength, hash.IsTruncated);
            Assert.Equal(hash, Multihash.Create(hash.Code, whole.Digest[..length]));
            Assert.Equal(length >= 20 ? HashVerification.Match : HashVerification.Unverifiable, hash.Verify(content));
            content[0] ^= 1;
            Assert.Equal(HashVerification.Mismatch, hash.Verify(content));
            asserted++;
        }

        Assert.Equal(260, asserted + skipped);
        Assert.Equal(SHA3_512.IsSupported ? 260 : 180, asserted);
    }

    [Theory]
    [InlineData(Multicodec.Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d")]
    [InlineData(Multicodec.Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData(Multicodec.Sha384,
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7")]
    [InlineData(Multicodec.Sha3Bits256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532")]
    [InlineData(Multicodec.Sha3Bits384,
        "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25")]
    public void Standard_digests_of_abc_are_verified(ulong code, string hex)
    {
        var hash = Multihash.Create(code, Known.Hex(hex));
        bool available = code is not (Multicodec.Sha3Bits256 or Multicodec.Sha3Bits384) || SHA3_256.IsSupported;
        Assert.Equal(available ? HashVerification.Match : HashVerification.Unverifiable, hash.Verify("abc"u8));
        Assert.Equal(available ? HashVerification.Mismatch : HashVerification.Unverifiable, hash.Verify("abd"u8));
        Assert.Equal(available, Multihash.TryCompute(code, "abc"u8, out Multihash computed));
        if (available) Assert.Equal(hash, computed);
        byte[] longer = [.. hash.Digest, 0];
        Assert.NotEqual(HashVerification.Match, Multihash.Create(code, longer).Verify("abc"u8));
    }

    [Fact]
    public void Identity_is_its_content()
    {
        var hash = Multihash.Create(Multicodec.Identity, "abc"u8);
        Assert.Equal(HashVerification.Match, hash.Verify("abc"u8));
        Assert.Equal(HashVerification.Mismatch, hash.Verify("abcd"u8));
        Assert.Equal(HashVerification.Mismatch, hash.Verify("ab"u8));
        Assert.False(hash.IsTruncated);
        Assert.True(Multihash.TryCompute(Multicodec.Identity, "abc"u8, out Multihash computed));
        Assert.Equal(hash, computed);
        Assert.True(Multihash.TryCompute(Multicodec.Identity, new byte[128], out computed));
        Assert.Equal(128, computed.DigestLength);
        Assert.False(Multihash.TryCompute(Multicodec.Identity, new byte[129], out _));
    }

    [Theory]
    [InlineData(Multicodec.Blake2b256)]
    [InlineData(Multicodec.Blake3)]
    [InlineData(Multicodec.Sha3Bits224)]
    [InlineData(0x300000UL)]
    public void A_function_that_is_not_here_proves_nothing(ulong code)
    {
        Assert.Equal(HashVerification.Unverifiable, Multihash.Create(code, new byte[32]).Verify("abc"u8));
        Assert.False(Multihash.TryCompute(code, "abc"u8, out Multihash hash));
        Assert.Equal(default, hash);
        Assert.Equal(0, (int)default(HashVerification));
        Assert.Equal(HashVerification.Unverifiable, default);
    }

    [Fact]
    public void A_digest_too_short_to_prove_anything_never_matches()
    {
        byte[] digest = SHA256.HashData("abc"u8);
        for (int length = 0; length <= 32; length++)
        {
            var hash = Multihash.Create(Multicodec.Sha256, digest.AsSpan(0, length));
            Assert.Equal(length < 20 ? HashVerification.Unverifiable : HashVerification.Match, hash.Verify("abc"u8));
            Assert.Equal(length > 0 ? HashVerification.Mismatch : HashVerification.Unverifiable, hash.Verify("abd"u8));
            Assert.Equal(length < 32, hash.IsTruncated);
        }
    }

    [Fact]
    public void The_default_is_the_identity_of_nothing()
    {
        Multihash none = default;
        Assert.Equal("0000", Convert.ToHexStringLower(none.ToBytes()));
        Assert.Equal(none, Multihash.FromBytes([0, 0]));
        Assert.Equal("identity-0-", none.ToString());
        Assert.Equal(none.GetHashCode(), Multihash.FromBytes([0, 0]).GetHashCode());
    }

    [Fact]
    public void Digests_differ_by_every_byte_code_and_length()
    {
        var seen = new HashSet<Multihash>();
        foreach (int length in (int[])[0, 1, 31, 32, 33, 64])
        {
            foreach (ulong code in (ulong[])[0x12, 0x13])
            {
                byte[] digest = new byte[length];
                Assert.True(seen.Add(Multihash.Create(code, digest)));
                for (int i = 0; i < length; i++)
                {
                    digest[i] = 1;
                    Assert.True(seen.Add(Multihash.Create(code, digest)));
                    Assert.False(seen.Add(Multihash.Create(code, digest)));
                    digest[i] = 0;
                }
            }
        }

        Assert.True(Multihash.Create(0x12, new byte[64]) == Multihash.Create(0x12, new byte[64]));
        Assert.True(Multihash.Create(0x12, new byte[64]) != Multihash.Create(0x12, new byte[65]));
        Assert.False(default(Multihash).Equals("text"));
    }

    [Theory]
    [InlineData("", CidError.Truncated)]
    [InlineData("12", CidError.Truncated)]
    [InlineData("1202aa", CidError.Truncated)]
    [InlineData("1201aabb", CidError.TrailingBytes)]
    [InlineData("920001aa", CidError.VarintNotMinimal)]
    [InlineData("12818000aa", CidError.VarintNotMinimal)]
    [InlineData("128108", CidError.DigestTooLong)]
    [InlineData("008101", CidError.IdentityTooLong)]
    public void Bytes_that_are_no_multihash_are_refused_with_the_reason(string hex, CidError error)
    {
        ArrowCidException thrown = Assert.Throws<ArrowCidException>(() => Multihash.FromBytes(Known.Hex(hex)));
        Assert.Equal(ErrorCode.InvalidCid, thrown.Code);
        Assert.Contains(Cid.Describe(error), thrown.Message, StringComparison.Ordinal);
        Assert.Equal(error == CidError.TrailingBytes, Multihash.TryReadFrom(Known.Hex(hex), out _, out int consumed));
        Assert.Equal(error == CidError.TrailingBytes ? 3 : 0, consumed);
    }

    [Fact]
    public void Limits_are_kept_when_making_and_writing()
    {
        Assert.Throws<ArgumentException>(() => Multihash.Create(Multicodec.Sha256, new byte[1025]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Multihash.Create(1UL << 63, []));
        Assert.Equal(1024, Multihash.Create(Multicodec.Sha256, new byte[1024]).DigestLength);
        Assert.True(Known.Hello.Hash.TryWriteBytes(new byte[34], out int written));
        Assert.Equal(34, written);
        Assert.False(Known.Hello.Hash.TryWriteBytes(new byte[33], out written));
        Assert.Equal(0, written);
        Assert.Equal(Known.Hello.Hash, Multihash.ComputeSha256("hello world"u8));
    }
}
