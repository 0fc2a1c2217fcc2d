using ArrowCid.Ipld.Car;
using ArrowCid.S3;
using ArrowCid.Tests.Peers;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Transfer.S3;

/// <summary>What copies leave in a bucket.</summary>
public class S3CopyTests
{
    private readonly string _folder = PeerProcess.IsHere(Peer.Moto) ? MotoServer.NewFolder() : "";

    [PeerFact(Peer.Moto)]
    public async Task Small_blocks_are_uploaded_together_as_a_car_that_any_reader_opens()
    {
        using BlockBackend source = SourceOf(200, 1000, out Cid[] cids), bucket = S3Blocks.Open(_folder);
        Assert.Equal(200, bucket.CopyFrom(source, cids).NewBlocks);
        List<ObjectInfo> objects = await MotoServer.ObjectsOf(_folder);
        Assert.Equal(3, objects.Count);
        ObjectInfo pack = Assert.Single(objects, each => each.Key.StartsWith("p/", StringComparison.Ordinal));
        using var stream = new S3ReadStream(MotoServer.Open(_folder), pack);
        var contents = CarContents.Read(stream);
        Assert.True(contents.Report.FaultCount == 0);
        Assert.Equal(cids.Order(), contents.Blocks.Select(block => block.Cid).Order());
    }

    [PeerFact(Peer.Moto)]
    public async Task A_large_block_is_an_object_of_its_own_that_is_uploaded_in_parts()
    {
        const int Length = 12 << 20;
        var settings = new S3Settings { SingleBytes = 6 << 20, PartBytes = 5 << 20, RangeBytes = 1 << 20 };
        using BlockBackend source = SourceOf(1, Length, out Cid[] cids);
        using (var bucket = new S3Backend(MotoServer.Open(_folder, settings))) _ = bucket.CopyFrom(source, cids);
        ObjectInfo block = Assert.Single(await MotoServer.ObjectsOf(_folder), each => each.Key.StartsWith("b/", StringComparison.Ordinal));
        Assert.Equal(Length, block.Length);
        Assert.Contains(cids[0].ToString(), block.Key, StringComparison.Ordinal);
        using var again = new S3Backend(MotoServer.Open(_folder, settings));
        using BlockLease read = again.Get(cids[0]), wanted = source.Get(cids[0]);
        Assert.True(wanted.Bytes.Span.SequenceEqual(read.Bytes.Span));
    }

    [PeerTheory(Peer.Moto)]
    [InlineData(1 << 20)]
    [InlineData(0)]
    public async Task Blocks_are_found_when_index_objects_were_merged_and_are_read_in_ranges(int wholeIndexBytes)
    {
        var settings = new S3Settings { MergedIndexes = 3, WholeIndexBytes = wholeIndexBytes };
        using BlockBackend source = SourceOf(13, 50, out Cid[] cids);
        using (var bucket = new S3Backend(MotoServer.Open(_folder, settings)))
        {
            foreach (Cid cid in cids) bucket.Put(cid, source.Get(cid).Bytes);
        }

        // In base 3, 13 is 111: an object of each of three levels.
        Assert.Equal(3, (await MotoServer.ObjectsOf(_folder)).Count(each => each.Key.StartsWith("index/", StringComparison.Ordinal)));
        using var again = new S3Backend(MotoServer.Open(_folder, settings));
        foreach (Cid cid in cids) Assert.Equal(cid, again.Get(cid).Cid);
        Assert.Null(again.TryGet(Cid.Sha256(Multicodec.Raw, "absent"u8)));
    }

    [PeerFact(Peer.Moto)]
    public async Task Writers_at_the_same_time_lose_nothing_while_the_index_is_merged()
    {
        var settings = new S3Settings { MergedIndexes = 2 };
        using BlockBackend source = SourceOf(24, 50, out Cid[] cids);
        await Task.WhenAll(cids.Chunk(6).Select(part => Task.Factory.StartNew(() =>
        {
            using var bucket = new S3Backend(MotoServer.Open(_folder, settings));
            foreach (Cid cid in part) bucket.Put(cid, source.Get(cid).Bytes);
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        using BlockBackend again = S3Blocks.Open(_folder);
        foreach (Cid cid in cids) Assert.Equal(cid, again.Get(cid).Cid);
    }

    [PeerTheory(Peer.Moto)]
    [InlineData(8)]
    [InlineData(2)]
    public async Task A_dropped_copy_is_not_found_before_and_after_a_merge(int merged)
    {
        var settings = new S3Settings { MergedIndexes = merged };
        using BlockBackend source = SourceOf(2, 100, out Cid[] cids);
        using (var bucket = new S3Backend(MotoServer.Open(_folder, settings))) _ = bucket.CopyFrom(source, cids);
        using (S3Bucket bucket = MotoServer.Open(_folder, settings))
        {
            using var index = new BucketIndex(bucket);
            Assert.True(cids[0].TryGetSha256(out ArrowCid.Memory.Digest256 digest));
            BucketEntry entry = Assert.Single(await index.FindAsync(digest, isFresh: true, CancellationToken.None));
            await index.AddAsync([entry with { Form = EntryForm.Dropped }], CancellationToken.None);
        }

        int indexes = (await MotoServer.ObjectsOf(_folder)).Count(each => each.Key.StartsWith("index/", StringComparison.Ordinal));
        Assert.Equal(merged == 2 ? 1 : 2, indexes);
        using BlockBackend again = S3Blocks.Open(_folder);
        Assert.False(again.Contains(cids[0]));
        Assert.True(again.Contains(cids[1]));
    }

    [PeerFact(Peer.Moto)]
    public void A_block_that_another_process_adds_is_found_by_one_that_has_read_the_index()
    {
        using BlockBackend source = SourceOf(2, 100, out Cid[] cids), one = S3Blocks.Open(_folder), other = S3Blocks.Open(_folder);
        one.Put(cids[0], source.Get(cids[0]).Bytes);
        Assert.True(other.Contains(cids[0]));
        Assert.False(other.Contains(cids[1]));
        one.Put(cids[1], source.Get(cids[1]).Bytes);
        Assert.True(other.Contains(cids[1]));
        Assert.NotNull(other.TryGet(cids[1]));
    }

    [PeerFact(Peer.Moto)]
    public async Task A_copy_that_fails_in_the_middle_leaves_no_block_in_the_index()
    {
        using BlockBackend blocks = SourceOf(20, 100, out Cid[] cids), bucket = S3Blocks.Open(_folder);
        using var source = new VanishingBackend(blocks, cids[^1]);
        using var small = new S3Backend(MotoServer.Open(_folder, new S3Settings { PackBytes = 500 }));
        ArrowCidException error = Assert.Throws<ArrowCidException>(() => small.CopyFrom(source, cids));
        Assert.Equal(ErrorCode.BlockNotFound, error.Code);
        Assert.All(cids, cid => Assert.False(bucket.Contains(cid)));
        Assert.Equal(["place.json"], (await MotoServer.ObjectsOf(_folder)).Select(each => each.Key));
    }

    [PeerFact(Peer.Moto)]
    public async Task A_server_that_does_not_check_digests_is_recognized()
    {
        using S3Bucket bucket = MotoServer.Open(_folder);
        BucketProbe probe = await BucketProbe.RunAsync(bucket, CancellationToken.None);
        Assert.False(probe.ChecksDigests);
        Assert.Empty(probe.Faults);
        Assert.Empty(await MotoServer.ObjectsOf(_folder));
    }

    [PeerFact(Peer.Moto)]
    public async Task A_folder_of_a_later_version_is_refused()
    {
        using (S3Bucket bucket = MotoServer.Open(_folder))
        {
            _ = await bucket.WriteAsync(BucketFormat.Key, new MemoryReadStream("""{"version":2,"id":"0193f3a0-0000-7000-8000-000000000000","checksDigests":true}"""u8.ToArray()),
                mayReplace: false, CancellationToken.None);
        }

        using BlockBackend backend = S3Blocks.Open(_folder);
        ArrowCidException error = Assert.Throws<ArrowCidException>(() => backend.Put(Cid.Sha256(Multicodec.Raw, "x"u8), "x"u8.ToArray()));
        Assert.Equal(ErrorCode.FormatVersion, error.Code);
    }

    [PeerFact(Peer.Moto)]
    public void A_bucket_that_does_not_exist_is_named()
    {
        using BlockBackend backend = S3Blocks.Open($"s3://no-such-bucket/x?endpoint={MotoServer.Url}");
        ArrowCidException error = Assert.Throws<ArrowCidException>(() => backend.TryGet(Cid.Sha256(Multicodec.Raw, "x"u8)));
        Assert.Equal(ErrorCode.Io, error.Code);
        Assert.Contains("no such bucket", error.Message, StringComparison.Ordinal);
    }

    [PeerFact(Peer.Moto)]
    public async Task An_object_is_read_from_any_position()
    {
        byte[] bytes = new byte[1_000_000];
        new Random(7).NextBytes(bytes);
        using (S3Bucket bucket = MotoServer.Open(_folder))
            _ = await bucket.WriteAsync("object", new MemoryReadStream(bytes), mayReplace: false, CancellationToken.None);
        ObjectInfo found = Assert.Single(await MotoServer.ObjectsOf(_folder));
        using var stream = new S3ReadStream(MotoServer.Open(_folder, new S3Settings { RangeBytes = 10_007 }), found);
        byte[] all = new byte[bytes.Length];
        stream.ReadExactly(all);
        Assert.True(bytes.AsSpan().SequenceEqual(all));
        Assert.Equal(0, stream.Read(all, 0, 1));
        foreach (int at in (int[])[999_999, 0, 500_000, 10_006, 10_007])
        {
            stream.Position = at;
            byte[] part = new byte[Math.Min(20_000, bytes.Length - at)];
            stream.ReadExactly(part);
            Assert.True(bytes.AsSpan(at, part.Length).SequenceEqual(part), $"{at}");
        }
    }

    [PeerFact(Peer.Moto)]
    public async Task An_object_that_is_replaced_while_it_is_read_ends_the_reading()
    {
        using S3Bucket bucket = MotoServer.Open(_folder);
        _ = await bucket.WriteAsync("object", new MemoryReadStream(new byte[1000]), mayReplace: true, CancellationToken.None);
        ObjectInfo found = Assert.Single(await MotoServer.ObjectsOf(_folder));
        using var stream = new S3ReadStream(MotoServer.Open(_folder, new S3Settings { RangeBytes = 100, Parallel = 1 }), found);
        stream.ReadExactly(new byte[100]);
        byte[] other = new byte[1000];
        other[999] = 1;
        _ = await bucket.WriteAsync("object", new MemoryReadStream(other), mayReplace: true, CancellationToken.None);
        stream.Position = 900;
        ArrowCidException error = Assert.Throws<ArrowCidException>(() => stream.ReadExactly(new byte[100]));
        Assert.Equal(ErrorCode.Io, error.Code);
        Assert.Contains("replaced", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Has one block less once blocks are read to be copied.</summary>
    private sealed class VanishingBackend(BlockBackend blocks, Cid vanishing) : BlockBackend("a source")
    {
        private readonly HashSet<Cid> _read = [];

        protected override bool Has(Cid cid, CancellationToken cancellationToken) =>
            blocks.Contains(cid, cancellationToken);

        // The first time it is read for its schema.
        protected override bool TryRead(Cid cid, out ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            bytes = blocks.Get(cid, cancellationToken).Bytes;
            return cid != vanishing || _read.Add(cid);
        }
    }

    private static BlockBackend SourceOf(int count, int length, out Cid[] cids)
    {
        var source = BlockBackend.InMemory();
        cids = new Cid[count];
        for (int i = 0; i < count; i++)
        {
            byte[] bytes = new byte[length];
            new Random(i).NextBytes(bytes);
            cids[i] = Cid.Sha256(Multicodec.Raw, bytes);
            source.Put(cids[i], bytes);
        }

        return source;
    }
}
