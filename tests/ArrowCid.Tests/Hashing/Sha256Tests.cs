using System.Security.Cryptography;
using ArrowCid.Memory;

namespace ArrowCid.Tests.Hashing;

/// <summary>Every way to a digest gives the BCL's. The lanes run on any x64 machine here: without AVX-512 the runtime
/// puts their registers together from narrower ones, in the same steps.</summary>
public sealed class Sha256Tests
{
    private static Digest256 Expected(ReadOnlySpan<byte> bytes) => new(SHA256.HashData(bytes));

    private static byte[] RandomBytes(int seed, int length)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static void AssertAll(byte[] memory, (long Offset, int Length)[] pieces, bool isInLanes, string what)
    {
        var digests = new Digest256[pieces.Length];
        if (isInLanes) Sha256.HashInLanes(memory, pieces, digests);
        else Sha256.HashMany(memory, pieces, digests);
        AssertRight(memory, pieces, digests, what);
    }

    private static void AssertRight(byte[] memory, (long Offset, int Length)[] pieces, Digest256[] digests, string what)
    {
        for (int i = 0; i < pieces.Length; i++)
        {
            Digest256 expected = Expected(memory.AsSpan((int)pieces[i].Offset, pieces[i].Length));
            Assert.True(expected == digests[i], $"{what}: piece {i} of {pieces[i].Length} bytes at {pieces[i].Offset}");
        }
    }

    [Fact]
    public void One_message_of_every_length_hashes_as_the_BCL_does()
    {
        byte[] bytes = RandomBytes(1, 5000);
        for (int length = 0; length <= bytes.Length; length = length < 300 ? length + 1 : length + 367)
            Assert.Equal(Expected(bytes.AsSpan(0, length)), Sha256.Hash(bytes.AsSpan(0, length)));
        byte[] large = RandomBytes(2, 200_000);
        Assert.Equal(Expected(large), Sha256.Hash(large));
    }

    [Fact]
    public void Hash_without_OpenSSL_is_the_one_of_the_BCL_in_one_piece_and_in_many()
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        byte[] message = new byte[1000];
        random.NextBytes(message);
        var pieces = new Sha256Scalar();
        var copy = new Sha256Scalar();
        for (int length = 0; length <= message.Length; length += length < 300 ? 1 : 7)
        {
            var expected = new Digest256(SHA256.HashData(message.AsSpan(0, length)));
            Assert.True(expected == Sha256Scalar.Hash(message.AsSpan(0, length)), $"seed {seed}, {length} bytes");
            int at = 0;
            while (at < length)
            {
                int some = Math.Min(random.Next(1, 150), length - at);
                pieces.Append(message.AsSpan(at, some));
                at += some;
            }

            copy.CopyFrom(pieces);
            Assert.True(expected == pieces.Finish() && expected == copy.Finish(), $"seed {seed}, {length} bytes in pieces");
        }
    }

    [Fact]
    public void A_message_in_pieces_hashes_as_the_BCL_does()
    {
        byte[] bytes = RandomBytes(3, 20_000);
        var random = new Random(3);
        var hash = new Sha256();
        for (int round = 0; round < 50; round++)
        {
            for (int at = 0; at < bytes.Length;)
            {
                int count = Math.Min(random.Next(5000), bytes.Length - at);
                hash.Append(bytes.AsSpan(at, count));
                at += count;
            }

            Assert.Equal(Expected(bytes), hash.Finish());
        }
    }

    [Theory]
    [InlineData(false)]
    [LanesData]
    public void Sixteen_messages_of_each_length_up_to_300_hash_as_the_BCL_does(bool isInLanes)
    {
        byte[] memory = RandomBytes(4, 16 * 300);
        for (int length = 0; length <= 300; length++)
        {
            int size = length;
            AssertAll(memory, [.. Enumerable.Range(0, 16).Select(i => ((long)i * 300, size))], isInLanes, $"length {length}");
        }
    }

    [Theory]
    [InlineData(false)]
    [LanesData]
    public void Messages_of_all_lengths_up_to_300_hash_together_as_the_BCL_does(bool isInLanes)
    {
        byte[] memory = RandomBytes(5, 400);
        AssertAll(memory, [.. Enumerable.Range(0, 301).Select(length => ((long)(length % 97), length))], isInLanes, "ascending");
        AssertAll(memory, [.. Enumerable.Range(0, 301).Select(i => (0L, 300 - i))], isInLanes, "descending");
    }

    [Theory]
    [InlineData(false)]
    [LanesData]
    public void Random_batches_hash_as_the_BCL_does(bool isInLanes)
    {
        byte[] memory = RandomBytes(6, 1 << 17);
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            int most = random.Next(4) switch { 0 => 64, 1 => 1000, 2 => 10_000, _ => memory.Length };
            var pieces = new (long Offset, int Length)[random.Next(70)];
            foreach (ref (long Offset, int Length) piece in pieces.AsSpan())
            {
                int length = random.Next(random.Next(8) == 0 ? most + 1 : Math.Min(most, 700) + 1);
                piece = (random.Next(memory.Length - length + 1), length);
            }

            AssertAll(memory, pieces, isInLanes, $"seed {seed}");
        }
    }

    [Theory]
    [InlineData(false)]
    [LanesData]
    public void A_giant_among_dwarfs_hashes_as_the_BCL_does(bool isInLanes)
    {
        byte[] memory = RandomBytes(7, 1 << 20);
        AssertAll(memory, [(3, 1 << 19), .. Enumerable.Range(0, 40).Select(i => ((long)i * 11, i))], isInLanes, "one giant");
        AssertAll(memory, [(0, 1 << 18), (1, (1 << 20) - 1), (2, 5), (9, 1 << 17)], isInLanes, "giants only");
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 101)]
    [InlineData(100, 1)]
    [InlineData(50, -1)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(1L << 32, 0)]
    public void A_piece_outside_of_the_memory_is_refused(long offset, int length)
    {
        byte[] memory = new byte[100];
        (long, int)[] pieces = [(0, 100), (offset, length)];
        Assert.Throws<ArgumentException>(() => Sha256.HashMany(memory, pieces, new Digest256[2]));
        Assert.Throws<ArgumentException>(() => Sha256.HashMany(memory, [(0, 1)], []));
    }

    [Fact]
    public void The_path_is_the_one_that_the_processor_has() =>
        Assert.Equal(System.Runtime.Intrinsics.X86.Avx512F.IsSupported, Sha256.ManyPath == Sha256ManyPath.SixteenLanes);
}
