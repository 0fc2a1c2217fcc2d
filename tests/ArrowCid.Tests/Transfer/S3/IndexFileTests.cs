using ArrowCid.Memory;
using ArrowCid.S3;

namespace ArrowCid.Tests.Transfer.S3;

public class IndexFileTests
{
    [Fact]
    public void An_entry_is_written_and_read_back()
    {
        var random = new Random(11);
        byte[] bytes = new byte[BucketEntry.ByteLength], digest = new byte[Digest256.ByteCount];
        foreach (EntryForm form in Enum.GetValues<EntryForm>())
        {
            random.NextBytes(digest);
            var entry = new BucketEntry(new Digest256(digest), 0x71, Guid.NewGuid(), form, random.Next(), random.Next());
            entry.Write(bytes);
            Assert.True(BucketEntry.TryRead(bytes, out BucketEntry read));
            Assert.Equal(entry, read);
        }
    }

    [Fact]
    public void Entries_are_sorted_and_written_once()
    {
        BucketEntry[] entries = [.. Enumerable.Range(0, 500).Select(i => new BucketEntry(Sha256.Hash([(byte)i, (byte)(i >> 8)]), 0x55,
            new Guid(i, 0, 0, new byte[8]), EntryForm.Pack, i, i))];
        byte[] one = BucketIndexFile.Encode(entries), other = BucketIndexFile.Encode(entries.Reverse().Concat(entries.Take(10)));
        Assert.Equal(one, other);
        Assert.Equal(16 + 1024 + (500 * 64) + 32, one.Length);
        Assert.Equal("ACIDIDX1"u8.ToArray(), one[..8]);
    }

    [Theory]
    [InlineData(48)]
    [InlineData(52)]
    [InlineData(60)]
    public void An_entry_with_fields_that_cannot_be_is_passed_over(int at)
    {
        byte[] bytes = new byte[BucketEntry.ByteLength];
        new BucketEntry(default, 0x55, Guid.Empty, EntryForm.Block, 0, 0).Write(bytes);
        Assert.True(BucketEntry.TryRead(bytes, out _));
        bytes.AsSpan(at, 4).Fill(0xff);
        Assert.False(BucketEntry.TryRead(bytes, out _));
    }
}
