using ArrowCid.Memory;
using ArrowCid.Storage;
using Microsoft.Win32.SafeHandles;

namespace ArrowCid.Tests.Storage;

/// <summary>Looking up without a lease, one and many: what <see cref="BlockStore.Find"/> finds and nothing
/// else.</summary>
public sealed class LookupTests
{
    private static byte[] Bytes(int seed) => BitConverter.GetBytes(seed);

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(700)]
    public void Many_look_ups_say_what_single_ones_do(int count)
    {
        using var directory = new TemporaryStore();
        using BlockStore writer = directory.Open();
        using BlockStore reader = directory.Open();
        var digests = new Digest256[count];
        for (int i = 0; i < count; i++)
            digests[i] = i % 3 == 0 ? Sha256.Hash(Bytes(-1 - i)) : writer.PutRaw(Bytes(i));
        foreach (BlockStore store in new[] { reader, writer })
        {
            var found = new bool[count];
            store.Contains(digests, found);
            for (int i = 0; i < count; i++)
            {
                using RecordLease? lease = store.Find(digests[i]);
                Assert.Equal(i % 3 != 0, found[i]);
                Assert.Equal(found[i], store.Contains(in digests[i]));
                Assert.Equal(found[i], lease is not null);
            }
        }
    }

    [Fact]
    public void A_block_whose_digest_is_damaged_is_an_error_and_others_are_here()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        Digest256 digest = store.PutRaw(Bytes(1)), other = store.PutRaw(Bytes(2));
        string path = Directory.GetFiles(directory.Directory, "seg-*").Single();
        using (SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            // The first record's digest, of which the index still names the place.
            RandomAccess.Write(file, [0, 0, 0], 4096 + 40);
        }

        Assert.Equal(ErrorCode.BlockCorrupt,
            Assert.Throws<ArrowCidException>(() => store.Contains(in digest)).Code);
        Assert.True(store.Contains(in other));
    }

    [Fact]
    public async Task Look_ups_go_on_while_their_segments_are_unmapped_under_them()
    {
        const int Blocks = 2000, Passes = 300;
        using var directory = new TemporaryStore();
        using BlockStore writer = directory.Open();
        var digests = new Digest256[Blocks];
        for (int i = 0; i < Blocks; i++) digests[i] = writer.PutRaw([.. Bytes(i), .. new byte[3000]]);
        StoreSettings restless = new() { TickInterval = TimeSpan.FromMilliseconds(1) };
        using BlockStore reader = directory.Open(restless);
        int passes = 0;
        Task<int> lookups = Task.Run(() =>
        {
            int misses = 0;
            var found = new bool[Blocks];
            for (; passes < Passes; Volatile.Write(ref passes, passes + 1))
            {
                reader.Contains(digests, found);
                misses += found.Count(hit => !hit);
                for (int i = passes % 7; i < Blocks; i += 7) misses += reader.Contains(in digests[i]) ? 0 : 1;
            }

            return misses;
        });
        // Somebody is in need of room, again and again: the reader lets go of every sealed segment.
        using SafeFileHandle control = File.OpenHandle(
            directory.PathOf(StoreLayout.ControlName), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        for (ulong pressure = 1; Volatile.Read(ref passes) < Passes && !lookups.IsCompleted; pressure++)
            RandomAccess.Write(control, BitConverter.GetBytes(pressure), StoreLayout.PressureWord);
        Assert.Equal(0, await lookups);
    }

    [Fact]
    public void Threads_that_end_leave_their_marks_to_others()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        Digest256 digest = store.PutRaw(Bytes(1));
        for (int i = 0; i < 50; i++)
        {
            bool isHere = false;
            var thread = new Thread(() => isHere = store.Contains(in digest));
            thread.Start();
            thread.Join();
            Assert.True(isHere);
        }
    }
}
