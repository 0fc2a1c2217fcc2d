using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage.Disk;

/// <summary>
/// A script of making a store, putting, getting, listing and closing, of a boot that finds it unclean and of another
/// round, in which the n-th file call goes wrong, for every n. It ends well or with an <see cref="ArrowCidException"/>,
/// nothing stays open, and what was acknowledged is there
/// afterwards.
/// </summary>
[Collection(FileSeamTests.Name)]
public sealed class FailingFileTests
{
    // Two that do not fit into one segment, and one that does not fit into any.
    private static readonly byte[][] s_blocks =
        [.. new[] { 64, 700_000, 5_000, 600_000, 0, 1_100_000, 64, 300 }.Select(Block)];

    [Theory]
    [InlineData(Errno.Io)]
    [InlineData(Errno.NoSpace)]
    [InlineData(Errno.TooManyFiles)]
    [InlineData(Errno.NoMemory)]
    [InlineData(Errno.Interrupted)]
    public void A_call_that_fails_loses_nothing_acknowledged(int errno) =>
        RunAll((seam, n) => (seam.At, seam.Errno) = (n, errno), errno == Errno.Io ? 1 : 3);

    [Fact]
    public void Calls_that_fail_from_some_time_on_lose_nothing_acknowledged() => RunAll((seam, n) =>
        (seam.At, seam.Errno, seam.GoesOn) = (n, Errno.Io, true), stride: 2);

    [Fact]
    public void A_read_cut_short_loses_nothing_acknowledged() =>
        RunAll((seam, n) => (seam.At, seam.Keeps) = (n, 7));

    [Fact]
    public void A_read_that_ends_the_file_loses_nothing_acknowledged() =>
        RunAll((seam, n) => (seam.At, seam.Keeps) = (n, 0));

    [Fact]
    public void A_bit_flipped_in_a_read_loses_nothing_acknowledged()
    {
        for (int bit = 0; bit < 4096 * 8; bit += 2731)
        {
            int flipped = bit;
            RunAll((seam, n) => (seam.At, seam.Flip) = (n, flipped));
        }
    }

    private static void RunAll(Action<FaultySeam, int> arm, int stride = 1)
    {
        int struck = 0;
        if (Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1") stride = 1;
        for (int n = 1; ; n += stride)
        {
            using var seam = new FaultySeam();
            arm(seam, n);
            Script(seam);
            if (!seam.HasStruck) break;
            struck++;
            seam.At = 0;
            Check(seam, n);
        }

        Assert.True(struck > 3, $"only {struck} calls");
    }

    private static void Script(FaultySeam seam)
    {
        for (int round = 0; round < 2; round++)
        {
            try
            {
                using BlockStore store = round == 0 ? seam.Open() : seam.OpenAfterBoot();
                for (int i = round * 4; i < (round * 4) + 4; i++) Put(seam, store, i);
                foreach (int i in seam.Acknowledged.ToArray()) Get(store, i);
                _ = store.Listing.List().Count();
            }
            catch (ArrowCidException)
            {
                // One of the two outcomes; what is left behind is looked at below.
            }

            AssertClosed(seam);
            if (round == 0) TakeStamp(seam);
        }
    }

    private static void TakeStamp(FaultySeam seam)
    {
        if (!File.Exists(seam.PathOf("ctl.v1"))) return;
        using FileStream file = File.OpenWrite(seam.PathOf("ctl.v1"));
        file.Position = StoreLayout.CleanStamp;
        file.Write(new byte[8]);
    }

    private static void Put(FaultySeam seam, BlockStore store, int i)
    {
        try
        {
            _ = store.PutRaw(s_blocks[i]);
            seam.Acknowledged.Add(i);
        }
        catch (ArrowCidException)
        {
            // Not acknowledged.
        }
    }

    private static void Get(BlockStore store, int i)
    {
        try
        {
            Assert.True(store.Read(Sha256.Hash(s_blocks[i]))?.AsSpan().SequenceEqual(s_blocks[i]), $"block {i}");
        }
        catch (ArrowCidException)
        {
            // That it cannot be read now is said; that it is not here would be a lie.
        }
    }

    private static byte[] Block(int length, int number)
    {
        var bytes = new byte[length];
        new Random(number).NextBytes(bytes);
        return bytes;
    }

    private static void Check(FaultySeam seam, int n)
    {
        using (BlockStore store = seam.Open())
        {
            foreach (int i in seam.Acknowledged)
            {
                Assert.True(store.Read(Sha256.Hash(s_blocks[i]))?.AsSpan().SequenceEqual(s_blocks[i]),
                    $"block {i}, call {n} ({seam.Struck})");
            }

            foreach (BlockInfo info in store.Listing.List())
                Assert.Equal(info.Digest, Sha256.Hash(store.Read(info.Digest)!));
            Assert.True(store.PutRaw(StoreCalls.Numbered(100 + n), out Digest256 digest));
            Assert.NotNull(store.Read(digest));
        }

        // While it was open one may have been made ahead.
        using (BlockStore store = BlockStore.Open(seam.Directory, DiskSeam.Settings with { ReadOnly = true }))
            Assert.Equal(0, store.Examination.GetStatistics().UnfinishedSegments);
        AssertClosed(seam);
        // A segment's second name that could not be taken away goes with the next rebuild.
        string left = string.Join(", ", Directory.GetFiles(seam.Directory, "*.tmp-*").Select(Path.GetFileName));
        bool isMeant = seam.HasFailedUnlink && left.StartsWith("seg-", StringComparison.Ordinal);
        Assert.True(left.Length == 0 || isMeant, $"call {n} ({seam.Struck}) left {left}");
    }

    private static void AssertClosed(FaultySeam seam)
    {
        List<string> open = OpenFiles(seam);
        Assert.True(open.Count == 0, $"after call {seam.At} ({seam.Struck}): {string.Join(", ", open)} stays open");
    }

    private static List<string> OpenFiles(DiskSeam seam)
    {
        var open = new List<string>();
        foreach (string path in Directory.GetFileSystemEntries("/proc/self/fd"))
        {
            string? target = null;
            try
            {
                target = new FileInfo(path).LinkTarget;
            }
            catch (IOException)
            {
                // The listing's own descriptor is gone by now.
            }

            if (target is not null && target.StartsWith(seam.Root, StringComparison.Ordinal)) open.Add(target);
        }

        return open;
    }

    private sealed class FaultySeam : DiskSeam
    {
        private int _calls;

        /// <summary>The number of the call to strike; 0 strikes none. With a fault of reads only they count.</summary>
        public int At { get; set; }

        public int Errno { get; set; }

        public bool GoesOn { get; set; }

        /// <summary>How many bytes of the read are left, or -1.</summary>
        public int Keeps { get; set; } = -1;

        public int Flip { get; set; } = -1;

        public bool HasStruck => Struck.Length > 0;

        /// <summary>The call that was struck.</summary>
        public string Struck { get; private set; } = "";

        public bool HasFailedUnlink { get; private set; }

        public HashSet<int> Acknowledged { get; } = [];

        public override int Before(in FileEvent call)
        {
            if (Errno != 0 && IsInStore(in call) && Strikes(in call)) return Errno;
            return base.Before(in call);
        }

        public override int AfterRead(in FileEvent call, Span<byte> bytes)
        {
            if (Errno != 0 || !IsInStore(in call) || !Strikes(in call)) return bytes.Length;
            if (Flip >= 0) bytes[Flip / 8 % bytes.Length] ^= (byte)(1 << (Flip % 8));
            return Keeps < 0 ? bytes.Length : Math.Min(Keeps, bytes.Length);
        }

        private bool Strikes(in FileEvent file)
        {
            if (At == 0) return false;
            int call = ++_calls;
            bool strikes = GoesOn ? call >= At : call == At;
            HasFailedUnlink |= strikes && file.Call == FileCall.Unlink;
            if (strikes && !HasStruck) Struck = $"{file.Call} {Path.GetFileName(file.Path)}";
            return strikes;
        }
    }
}
