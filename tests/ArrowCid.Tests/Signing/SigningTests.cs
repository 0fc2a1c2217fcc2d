using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Security.Cryptography.Cose;
using ArrowCid.Signing;
using ArrowCid.Tests.Ipld;
using ArrowCid.Tests.Storage;
using Xunit.Abstractions;

namespace ArrowCid.Tests.Signing;

/// <summary>Keys, statements and signatures as bytes: vectors, limits, flipped bytes, and the COSE of .NET.</summary>
public sealed class SigningTests(ITestOutputHelper output)
{
    private static readonly Cid s_cid = Cid.Sha256(Multicodec.Raw, "a"u8);

    [Fact]
    public void Vectors_are_read_verified_and_written_again()
    {
        using SigningKey key = SigningVectors.Key(), shared = SigningVectors.Shared();
        Assert.Equal(3, SigningVectors.All.Length);
        foreach ((string id, byte[] block, byte[] signature) in SigningVectors.All)
        {
            Assert.Equal(id, id.StartsWith("p256:", StringComparison.Ordinal) ? key.Id : shared.Id);
            Statement statement = Statement.Decode(block);
            Assert.Equal(id, statement.Key);
            Assert.Equal(Hex.Of(block), Hex.Of(statement.Encode()));
            var signed = SignedStatement.FromBytes(block, signature);
            Assert.Equal(SignatureState.Holds, signed.Check(out _, shared));
            SigningKey own = id == key.Id ? key : shared;
            Assert.True(own.Verify(block, signature));
            Assert.True(own.Verify(block, own.Sign(block)));
            Assert.Equal(signature.Length, own.Sign(block).Length);
        }

        Assert.Equal(Hex.Of(SigningVectors.All[2].Signature), Hex.Of(shared.Sign(SigningVectors.All[2].Block)));
        Statement second = Statement.Decode(SigningVectors.All[1].Block);
        Assert.Equal("prices/latest", second.Name);
        Assert.Equal(Cid.Sha256(Multicodec.DagCbor, SigningVectors.All[0].Block), second.Previous);
    }

    [Fact]
    public void Statement_of_a_shared_secret_needs_that_secret()
    {
        using SigningKey other = SigningKey.CreateShared();
        (_, byte[] block, byte[] signature) = SigningVectors.All[2];
        var signed = SignedStatement.FromBytes(block, signature);
        Assert.Equal(SignatureState.NoKey, signed.Check(out _));
        Assert.Equal(SignatureState.NoKey, signed.Check(out _, other));
    }

    /// <summary>Every byte of statements and of their signatures, changed in one random bit each.</summary>
    [Fact]
    public void Every_changed_byte_of_a_thousand_statements_is_found()
    {
        const int Count = 1000;
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        using SigningKey shared = SigningKey.CreateShared();
        SigningKey[] keys = [.. Enumerable.Range(0, 10).Select(n => n == 9 ? shared : SigningKey.Create())];
        long flipped = 0;
        _ = Parallel.For(0, Count, number =>
        {
            var random = new Random(seed + number);
            SigningKey key = keys[random.Next(keys.Length)];
            SignedStatement signed = SignedStatement.Sign(RandomStatement(random, key.Id), key);
            byte[] block = signed.Block.ToArray(), signature = signed.Signature.ToArray();
            Assert.Equal(SignatureState.Holds, SignedStatement.FromBytes(block, signature).Check(out _, shared));
            foreach (byte[] bytes in (byte[][])[block, signature])
            {
                for (int at = 0; at < bytes.Length; at++)
                {
                    byte bit = (byte)(1 << random.Next(8));
                    bytes[at] ^= bit;
                    SignatureState state = SignedStatement.FromBytes(block, signature).Check(out _, shared);
                    Assert.True(state != SignatureState.Holds, $"seed {seed}, statement {number}, byte {at}, bit {bit}");
                    bytes[at] ^= bit;
                    _ = Interlocked.Increment(ref flipped);
                }

                Assert.Equal(SignatureState.Holds, SignedStatement.FromBytes(block, signature).Check(out _, shared));
            }
        });
        Assert.True(flipped > Count * 300, $"only {flipped} bytes");
        output.WriteLine($"{flipped} bytes");
        foreach (SigningKey key in keys) key.Dispose();
    }

    [Fact]
    public void Many_statements_are_checked_in_their_order()
    {
        using SigningKey shared = SigningKey.CreateShared(), key = SigningKey.Create();
        SignedStatement good = SignedStatement.Sign(RandomStatement(new Random(1), key.Id), key);
        SignedStatement secret = SignedStatement.Sign(RandomStatement(new Random(2), shared.Id), shared);
        var broken = SignedStatement.FromBytes(good.Block, secret.Signature);
        SignedStatement[] all = [.. Enumerable.Range(0, 300).Select(i => (i % 3) switch { 0 => good, 1 => broken, _ => secret })];
        Assert.Equal(all.Select(each => each.Check(out _)), SignedStatement.CheckMany(all));
        Assert.Equal(all.Select(each => each.Check(out _, shared)), SignedStatement.CheckMany(all, shared));
        Assert.Empty(SignedStatement.CheckMany([]));
    }

    [Fact]
    public void Signature_with_a_high_s_is_refused()
    {
        using SigningKey key = SigningVectors.Key();
        (_, byte[] block, byte[] signature) = SigningVectors.All[0];
        byte[] other = [.. signature[..^32], .. Negative(signature[^32..])];
        Assert.False(key.PublicKey!.Verify(block, other));
        Assert.True(key.PublicKey.Verify(block, signature));
    }

    /// <summary>Judge: the COSE of .NET verifies ours, and we verify its own.</summary>
    [Fact]
    public void System_Security_Cryptography_Cose_and_we_verify_each_other()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using SigningKey key = SigningKey.Of(ecdsa);
        for (int i = 0; i < 50; i++)
        {
            byte[] payload = RandomNumberGenerator.GetBytes(i * 7);
            byte[] ours = key.Sign(payload);
            CoseSign1Message read = CoseMessage.DecodeSign1(ours);
            Assert.True(read.VerifyDetached(ecdsa, payload));
            Assert.Equal(key.PublicKey!.Bytes.ToArray(), read.ProtectedHeaders[CoseHeaderLabel.KeyIdentifier].GetValueAsBytes());
            Assert.False(read.VerifyDetached(ecdsa, [.. payload, 1]));

            var headers = new CoseHeaderMap();
            headers.Add(CoseHeaderLabel.KeyIdentifier, CoseHeaderValue.FromBytes(key.PublicKey.Bytes));
            byte[] theirs;
            do theirs = CoseSign1Message.SignDetached(payload, new CoseSigner(ecdsa, HashAlgorithmName.SHA256, headers));
            while (!LowS.Holds(theirs.AsSpan()[^64..]));
            Assert.True(key.PublicKey.Verify(payload, theirs));
            theirs[^1] ^= 1;
            Assert.False(key.PublicKey.Verify(payload, theirs));
        }
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void Key_file_is_written_with_mode_0600_and_refused_when_others_have_access()
    {
        using var folder = new TemporaryStore();
        Directory.CreateDirectory(folder.Directory);
        string path = Path.Combine(folder.Directory, "me.key");
        using (SigningKey made = SigningKey.Create())
        {
            made.Save(path);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            using SigningKey read = SigningKey.Load(path);
            Assert.Equal(made.Id, read.Id);
            Assert.Equal(ErrorCode.NameExists, Assert.Throws<ArrowCidException>(() => made.Save(path)).Code);
        }

        foreach (UnixFileMode more in (UnixFileMode[])[UnixFileMode.GroupRead, UnixFileMode.OtherRead, UnixFileMode.OtherWrite])
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | more);
            ArrowCidException e = Assert.Throws<ArrowCidException>(() => SigningKey.Load(path));
            Assert.Equal((ErrorCode.AccessDenied, RemedyKind.RestrictKeyAccess), (e.Code, e.Remedy!.Value.Kind));
        }
    }

    [Fact]
    public void Shared_secret_is_saved_and_read_again()
    {
        using var folder = new TemporaryStore();
        Directory.CreateDirectory(folder.Directory);
        string path = Path.Combine(folder.Directory, "machine.key");
        using SigningKey made = SigningKey.CreateShared();
        made.Save(path);
        using SigningKey read = SigningKey.Load(path);
        Assert.True(read.IsShared);
        Assert.Null(read.PublicKey);
        Assert.True(read.Verify("x"u8, made.Sign("x"u8)));
        Assert.False(read.Verify("y"u8, made.Sign("x"u8)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")]
    [InlineData("-----BEGIN ARROWCID HMAC KEY-----\nAAAA\n-----END ARROWCID HMAC KEY-----")]
    public void Text_that_is_no_key_is_refused(string pem) =>
        Assert.Equal(ErrorCode.InvalidData, Assert.Throws<ArrowCidException>(() => SigningKey.FromPem(pem)).Code);

    [Fact]
    public void Key_of_another_curve_is_refused()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var koblitz = ECDsa.Create(ECCurve.CreateFromValue("1.3.132.0.10"));
        foreach (ECDsa key in (ECDsa[])[other, koblitz])
        {
            Assert.Equal(ErrorCode.Unsupported, Assert.Throws<ArrowCidException>(() => SigningKey.FromPem(key.ExportPkcs8PrivateKeyPem())).Code);
            Assert.Equal(ErrorCode.Unsupported, Assert.Throws<ArrowCidException>(() => PublicKey.FromPem(key.ExportSubjectPublicKeyInfoPem())).Code);
        }
    }

    [Fact]
    public void Public_key_has_one_text()
    {
        for (int i = 0; i < 50; i++)
        {
            using SigningKey key = SigningKey.Create();
            PublicKey half = key.PublicKey!;
            Assert.Equal(half, PublicKey.Parse(half.Text));
            Assert.True(PublicKey.TryFromBytes(half.Bytes, out PublicKey? same));
            Assert.Equal(half.ToPem(), same.ToPem());
            Assert.Equal(half, PublicKey.FromPem(half.ToPem()));
            Assert.False(PublicKey.TryParse(half.Text.ToUpperInvariant(), out _));
            Assert.False(PublicKey.TryParse(half.Text + "a", out _));
            Assert.False(PublicKey.TryParse(half.Text[..^1] + (char)(half.Text[^1] ^ 1), out PublicKey? twin) && twin.Equals(half));
        }

        Assert.False(PublicKey.TryFromBytes([2, .. Enumerable.Repeat((byte)0xff, 32)], out _));
        Assert.False(PublicKey.TryFromBytes([4, .. new byte[32]], out _));
    }

    public static TheoryData<string> Faults => [.. s_faults.Keys];

    private static readonly Dictionary<string, Func<Statement>> s_faults = new()
    {
        ["no subject"] = () => Of(subject: default(Cid)),
        ["version 0"] = () => Of(subject: Cid.Sha256(Multicodec.DagPb, "a"u8).ToV0()),
        ["another hash"] = () => Of(subject: Cid.Create(Multicodec.Raw, Multihash.Create(Multicodec.Sha512, new byte[64]))),
        ["empty name"] = () => Of(name: ""),
        ["name with a line feed"] = () => Of(name: "a\n"),
        ["previous without a name"] = () => Of(previous: Cid.Sha256(Multicodec.DagCbor, "a"u8)),
        ["previous that is no dag-cbor"] = () => Of(name: "a", previous: s_cid),
        ["too many words"] = () => Of(says: Enumerable.Range(0, 65).ToDictionary(n => $"{n}", n => "")),
        ["long word"] = () => Of(says: new() { ["a"] = new string('a', 1025) }),
        ["empty key of a word"] = () => Of(says: new() { [""] = "" }),
        ["lone surrogate"] = () => Of(says: new() { ["a"] = "\ud800" }),
        ["time before 1970"] = () => Of(time: DateTimeOffset.UnixEpoch.AddMilliseconds(-1)),
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Statement_over_a_limit_is_refused(string fault) => Assert.Equal(ErrorCode.InvalidArgument,
        Assert.Throws<ArrowCidException>(() => s_faults[fault]().Encode()).Code);

    [Fact]
    public void Hostile_bytes_are_no_statement_and_no_signature()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        (_, byte[] block, byte[] signature) = SigningVectors.All[1];
        for (int i = 0; i < 20_000; i++)
        {
            byte[] one = Mutated(block, random), other = Mutated(signature, random);
            if (one.AsSpan().SequenceEqual(block) && other.AsSpan().SequenceEqual(signature)) continue;
            Assert.NotEqual(SignatureState.Holds, SignedStatement.FromBytes(one, other).Check(out _));
        }
    }

    private static byte[] Mutated(byte[] bytes, Random random)
    {
        byte[] copy = [.. bytes];
        for (int n = random.Next(4); n > 0; n--) copy[random.Next(copy.Length)] = (byte)random.Next(256);
        return random.Next(4) == 0 ? copy[..random.Next(copy.Length)] : copy;
    }

    private static Statement RandomStatement(Random random, string key)
    {
        byte[] content = new byte[8];
        random.NextBytes(content);
        bool isNamed = random.Next(2) == 0;
        return new Statement
        {
            Key = key,
            Subject = Cid.Sha256(random.Next(2) == 0 ? Multicodec.Raw : Multicodec.DagCbor, content),
            Name = isNamed ? $"n{random.Next()}" : null,
            Previous = isNamed && random.Next(2) == 0 ? Cid.Sha256(Multicodec.DagCbor, content) : null,
            Time = DateTimeOffset.FromUnixTimeMilliseconds(random.NextInt64(1, 253_402_300_799_999)),
            Says = Enumerable.Range(0, random.Next(4)).ToDictionary(n => $"k{n}", n => $"é{random.Next()}"),
        };
    }

    private static Statement Of(Cid? subject = null, string? name = null, Cid? previous = null,
        Dictionary<string, string>? says = null, DateTimeOffset? time = null) => new()
        {
            Key = SigningVectors.All[0].Key,
            Subject = subject ?? s_cid,
            Name = name,
            Previous = previous,
            Says = says ?? [],
            Time = time ?? DateTimeOffset.UnixEpoch,
        };

    private static byte[] Negative(byte[] s)
    {
        var order = new System.Numerics.BigInteger(Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"), true, true);
        byte[] other = (order - new System.Numerics.BigInteger(s, true, true)).ToByteArray(true, true);
        return [.. new byte[32 - other.Length], .. other];
    }
}
