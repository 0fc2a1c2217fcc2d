using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage.Disk;

/// <summary>A flush that fails: what of it was not acknowledged is nowhere, and the lane goes on with its next
/// owner.</summary>
[Collection(FileSeamTests.Name)]
public sealed class FaultedLaneTests
{
    private static readonly StoreSettings s_always = DiskSeam.Settings with { Durability = Durability.Always };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_group_that_cannot_be_flushed_is_neither_acknowledged_nor_seen(bool isFact)
    {
        using var seam = new FlushSeam();
        Digest256 first, lost = Sha256.Hash(StoreCalls.Numbered(2));
        using (BlockStore store = BlockStore.Open(seam.Directory, s_always))
        using (BlockStore other = BlockStore.Open(seam.Directory, s_always))
        {
            first = FactChainTests.Put(store, 1, new TextFact("one"));
            seam.IsFailing = true;
            var fact = new TextFact("lost");
            Assert.Equal(ErrorCode.Io, isFact
                ? Code(() => store.Append(fact))
                : Code(() => FactChainTests.Put(store, 2, fact)));
            Assert.Null(other.Read(lost));
            seam.IsFailing = false;
            Assert.Equal(ErrorCode.StoreFaulted, Code(() => store.PutRaw([3])));
            Assert.Equal(ErrorCode.StoreFaulted, Code(() => store.Append(new TextFact("no"))));
            Assert.Equal(ErrorCode.StoreFaulted, Code(store.Flush));
            // Nobody waits for what never comes, and what was acknowledged is there.
            other.Adoption.CatchUp(TimeSpan.Zero);
            Assert.NotNull(store.Read(first));
            using LogReader seen = other.Tail(Cursor.Oldest, TailScope.All);
            Assert.Equal(["1 Fact one", "2 Raw"], FactChainTests.Tell(seen));
        }

        using BlockStore next = BlockStore.Open(seam.Directory, s_always);
        Assert.Equal(new LogPlace(0, 3), next.Append(new TextFact("next")));
        _ = FactChainTests.Put(next, 4, null);
        Assert.Null(next.Read(lost));
        Assert.NotNull(next.Read(first));
        using LogReader tail = next.Tail(Cursor.Oldest, TailScope.All);
        Assert.Equal(["1 Fact one", "2 Raw", "3 Fact next", "4 Raw"], FactChainTests.Tell(tail));
        Assert.Equal(2, next.Examination.GetStatistics().SealedSegments);
    }

    [Fact]
    public void Every_put_of_a_group_fails_with_it()
    {
        using var seam = new FlushSeam();
        using BlockStore store = BlockStore.Open(seam.Directory, s_always);
        _ = store.PutRaw([1]);
        seam.IsFailing = true;
        var codes = new ErrorCode?[8];
        Parallel.For(0, codes.Length, i => codes[i] = Code(() => store.PutRaw(StoreCalls.Numbered(i))));
        Assert.Contains(ErrorCode.Io, codes);
        Assert.All(codes, code => Assert.True(code is ErrorCode.Io or ErrorCode.StoreFaulted, $"{code}"));
        for (int i = 0; i < codes.Length; i++) Assert.Null(store.Read(Sha256.Hash(StoreCalls.Numbered(i))));
        Assert.Equal(1ul, store.Listing.Marks()[0]);
    }

    [Fact]
    public void What_was_visible_before_its_flush_failed_stays_visible()
    {
        using var seam = new FlushSeam();
        Digest256 digest;
        using (BlockStore store = BlockStore.Open(seam.Directory, DiskSeam.Settings))
        {
            digest = store.PutRaw([1]);
            seam.IsFailing = true;
            Assert.Equal(ErrorCode.Io, Code(store.Flush));
            Assert.Equal(ErrorCode.StoreFaulted, Code(() => store.PutRaw([2])));
            Assert.NotNull(store.Read(digest));
            seam.IsFailing = false;
        }

        using BlockStore next = BlockStore.Open(seam.Directory, DiskSeam.Settings);
        Assert.NotNull(next.Read(digest));
        Assert.False(next.PutRaw([1], out _));
        next.Flush();
        Assert.Equal(2ul, next.Listing.Marks()[0]);
    }

    private static ErrorCode? Code(Action call)
    {
        try
        {
            call();
            return null;
        }
        catch (ArrowCidException e)
        {
            return e.Code;
        }
    }

    private sealed class FlushSeam : DiskSeam
    {
        public bool IsFailing { get; set; }

        public override int Before(in FileEvent call) =>
            IsFailing && IsInStore(in call) && call.Call == FileCall.SyncData ? Errno.Io : base.Before(in call);
    }
}
