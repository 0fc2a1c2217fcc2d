using ArrowCid.Ipld.Car;
using ArrowCid.Memory;

namespace ArrowCid.Tests.Ipld.Car;

/// <summary>Messages that are gathered are hashed as each alone.</summary>
public sealed class GatheredHashTests
{
    [Theory]
    [InlineData(1, 200_000)]
    [InlineData(2, 100)]
    [InlineData(3, GatheredHash.MaxMessage)]
    public void Each_message_has_its_digest_however_many_windows_they_fill(int seed, int longest)
    {
        var random = new Random(seed);
        int count = longest < 1000 ? 150_000 : longest < 1 << 20 ? 500 : 20;
        int[] lengths = [.. Enumerable.Range(0, count).Select(i => i % 10 == 0 ? 0 : i == 1 ? longest : random.Next(longest))];
        var expected = new Digest256[count];
        var found = new Dictionary<int, Digest256>();
        // Less is announced than comes.
        using (var gathered = new GatheredHash(seed * 1000L, (number, digest) => found.Add(number, digest)))
        {
            for (int i = 0; i < count; i++)
            {
                Span<byte> room = gathered.Add(i, lengths[i]);
                Assert.Equal(lengths[i], room.Length);
                random.NextBytes(room);
                expected[i] = Sha256.Hash(room);
            }

            gathered.Finish();
        }

        Assert.Equal(count, found.Count);
        for (int i = 0; i < count; i++) Assert.True(expected[i] == found[i], $"seed {seed}: message {i} of {lengths[i]} bytes");
    }

    [Fact]
    public void What_is_begun_and_not_ended_is_let_go()
    {
        using var gathered = new GatheredHash(long.MaxValue, (_, _) => Assert.Fail("nothing was ended"));
        for (int i = 0; i < 3; i++) gathered.Add(i, 100).Clear();
    }
}
