using ArrowCid.Ipld;
using ArrowCid.S3;
using ArrowCid.Tests.Peers;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Transfer.S3;

/// <summary>Servers that fail, lie or never end.</summary>
public class HostileS3Tests
{
    private static readonly byte[] s_bytes = [.. Enumerable.Range(0, 40_000).Select(i => (byte)(i * 7))];
    private static readonly Cid s_cid = Cid.Sha256(Multicodec.Raw, s_bytes);

    private static readonly S3Settings s_fast = new()
    {
        Backoff = TimeSpan.FromMilliseconds(1),
        Attempts = 3,
        RangeBytes = 10_000,
        PackedBelow = 100,
    };

    private readonly string _folder = PeerProcess.IsHere(Peer.Moto) ? MotoServer.NewFolder() : "";

    [PeerTheory(Peer.Moto)]
    [InlineData(nameof(S3Misdeed.WrongByte), ErrorCode.BlockCorrupt)]
    [InlineData(nameof(S3Misdeed.CutBody), ErrorCode.Busy)]
    [InlineData(nameof(S3Misdeed.Endless), ErrorCode.BlockCorrupt)]
    [InlineData(nameof(S3Misdeed.IgnoreRange), ErrorCode.Io)]
    [InlineData(nameof(S3Misdeed.SlowDown), ErrorCode.Busy)]
    [InlineData(nameof(S3Misdeed.InternalError), ErrorCode.Busy)]
    [InlineData(nameof(S3Misdeed.AccessDenied), ErrorCode.AccessDenied)]
    [InlineData(nameof(S3Misdeed.LoseAnswer), ErrorCode.Busy)]
    public async Task A_read_that_a_server_answers_wrongly_is_an_error_of_its_own(string misdeed, ErrorCode code)
    {
        Put();
        await using FaultyS3 faulty = await Before((method, path) => method == "GET" && path.Contains("/b/", StringComparison.Ordinal)
            ? Enum.Parse<S3Misdeed>(misdeed)
            : S3Misdeed.None);
        using BlockBackend backend = Open(faulty);
        using var near = BlockBackend.InMemory();
        ArrowCidException error = Assert.Throws<ArrowCidException>(() => near.CopyFrom(backend, [s_cid]));
        Assert.True(code == error.Code, error.ToString());
        Assert.False(near.Contains(s_cid));
    }

    [PeerTheory(Peer.Moto)]
    [InlineData(nameof(S3Misdeed.WrongByte), ErrorCode.BlockCorrupt)]
    [InlineData(nameof(S3Misdeed.CutBody), ErrorCode.Busy)]
    [InlineData(nameof(S3Misdeed.Endless), ErrorCode.BlockCorrupt)]
    [InlineData(nameof(S3Misdeed.IgnoreRange), ErrorCode.Io)]
    [InlineData(nameof(S3Misdeed.AccessDenied), ErrorCode.AccessDenied)]
    public async Task Range_that_a_server_answers_wrongly_is_an_error_of_its_own(string misdeed, ErrorCode code)
    {
        Put();
        await using FaultyS3 faulty = await Before((method, path) => method == "GET" && path.Contains("/b/", StringComparison.Ordinal)
            ? Enum.Parse<S3Misdeed>(misdeed)
            : S3Misdeed.None);
        using BlockBackend backend = Open(faulty);
        BlockSlice[] slices = [SliceOf(100, 500), SliceOf(30_000, 700)];
        ArrowCidException error = Assert.Throws<ArrowCidException>(() => backend.TryGetRanges(s_cid, slices));
        Assert.True(code == error.Code, error.ToString());
    }

    [PeerFact(Peer.Moto)]
    public async Task Ranges_of_an_object_that_is_gone_are_no_block_and_one_that_fails_once_is_asked_for_again()
    {
        Put();
        await using FaultyS3 gone = await Before((method, path) => method == "GET" && path.Contains("/b/", StringComparison.Ordinal)
            ? S3Misdeed.Absent
            : S3Misdeed.None);
        using BlockBackend without = Open(gone);
        Assert.Null(without.TryGetRange(s_cid, SliceOf(100, 500)));
        int objects = 0;
        await using FaultyS3 ill = await Before((method, path) => method == "GET" && path.Contains("/b/", StringComparison.Ordinal) &&
            Interlocked.Increment(ref objects) == 1
            ? S3Misdeed.CutBody
            : S3Misdeed.None);
        using BlockBackend backend = Open(ill);
        Assert.Equal(s_bytes.AsSpan(100, 500), backend.TryGetRange(s_cid, SliceOf(100, 500))!.Bytes.Span);
        Assert.Equal(2, objects);
    }

    private static BlockSlice SliceOf(int offset, int length) =>
        new(offset, length, Cid.Sha256(Multicodec.Raw, s_bytes.AsSpan(offset, length)));

    [PeerFact(Peer.Moto)]
    public async Task An_object_that_is_gone_while_the_index_names_it_is_no_block()
    {
        Put();
        await using FaultyS3 faulty = await Before((method, path) => method == "GET" && path.Contains("/b/", StringComparison.Ordinal)
            ? S3Misdeed.Absent
            : S3Misdeed.None);
        using BlockBackend backend = Open(faulty);
        Assert.Null(backend.TryGet(s_cid));
    }

    [PeerTheory(Peer.Moto)]
    [InlineData(nameof(S3Misdeed.SlowDown))]
    [InlineData(nameof(S3Misdeed.InternalError))]
    [InlineData(nameof(S3Misdeed.Conflict))]
    [InlineData(nameof(S3Misdeed.CutBody))]
    [InlineData(nameof(S3Misdeed.LoseAnswer))]
    public async Task A_copy_succeeds_when_every_request_fails_once(string misdeed)
    {
        var seen = new HashSet<string>();
        await using FaultyS3 faulty = await Before((method, path) =>
        {
            lock (seen) return seen.Add(method + path) ? Enum.Parse<S3Misdeed>(misdeed) : S3Misdeed.None;
        });
        var settings = s_fast with { SingleBytes = 6 << 20, PartBytes = 5 << 20, PackedBelow = 1000, Attempts = 6, Backoff = TimeSpan.FromMilliseconds(30), Break = TimeSpan.FromMilliseconds(500) };
        byte[] large = new byte[6_300_000];
        large[0] = 1;
        using BlockBackend source = BlockBackend.InMemory(), backend = Open(faulty, settings);
        Cid[] cids = [.. new[] { s_bytes, "one"u8.ToArray(), "two"u8.ToArray(), large }.Select(bytes =>
        {
            Cid cid = Cid.Sha256(Multicodec.Raw, bytes);
            source.Put(cid, bytes);
            return cid;
        })];
        Assert.Equal(4, backend.CopyFrom(source, cids).NewBlocks);
        using BlockBackend direct = S3Blocks.Open(_folder);
        foreach (Cid cid in cids) Assert.NotNull(direct.TryGet(cid));
    }

    [PeerFact(Peer.Moto)]
    public async Task Bytes_that_a_server_changes_when_they_are_uploaded_are_not_in_the_index()
    {
        await using FaultyS3 faulty = await Before((_, path) => path.Contains("/b/", StringComparison.Ordinal)
            ? S3Misdeed.WrongByte
            : S3Misdeed.None);
        // The answers to what is read back are changed, which shows the same: the stored bytes are not proved.
        using BlockBackend backend = Open(faulty);
        ArrowCidException error = Assert.Throws<ArrowCidException>(() => backend.Put(s_cid, s_bytes));
        Assert.Equal(ErrorCode.Io, error.Code);
        Assert.Contains("does not check digests", error.Message, StringComparison.Ordinal);
        using BlockBackend direct = S3Blocks.Open(_folder);
        Assert.False(direct.Contains(s_cid));
        Assert.Equal(["place.json"], (await MotoServer.ObjectsOf(_folder)).Select(each => each.Key));
    }

    [PeerFact(Peer.Moto)]
    public async Task A_bucket_that_may_not_be_written_or_has_no_ranges_is_refused_by_name()
    {
        await using FaultyS3 faulty = await Before((method, path) => method == "PUT" && path.Contains("/probe/", StringComparison.Ordinal)
            ? S3Misdeed.AccessDenied
            : S3Misdeed.None);
        using BlockBackend denied = Open(faulty);
        Assert.Equal(ErrorCode.AccessDenied, Assert.Throws<ArrowCidException>(() => denied.Put(s_cid, s_bytes)).Code);
        await using FaultyS3 ranges = await Before((method, path) => method == "GET" && path.Contains("/probe/", StringComparison.Ordinal)
            ? S3Misdeed.IgnoreRange
            : S3Misdeed.None);
        using BlockBackend refused = Open(ranges);
        ArrowCidException error = Assert.Throws<ArrowCidException>(() => refused.Put(s_cid, s_bytes));
        Assert.Equal(ErrorCode.Unsupported, error.Code);
        Assert.Contains("range", error.Message, StringComparison.Ordinal);
        Assert.Empty(await MotoServer.ObjectsOf(_folder));
    }

    [PeerFact(Peer.Moto)]
    public async Task A_block_that_the_index_names_stays_when_the_index_cannot_be_merged()
    {
        await using FaultyS3 faulty = await Before((method, path) => method == "PUT" && path.Contains("/index/1/", StringComparison.Ordinal)
            ? S3Misdeed.AccessDenied
            : S3Misdeed.None);
        using BlockBackend backend = Open(faulty, s_fast with { MergedIndexes = 2 }), direct = S3Blocks.Open(_folder);
        backend.Put(Cid.Sha256(Multicodec.Raw, "first"u8), "first"u8.ToArray());
        Assert.Equal(ErrorCode.AccessDenied, Assert.Throws<ArrowCidException>(() => backend.Put(s_cid, s_bytes)).Code);
        Assert.True(direct.Contains(s_cid));
        Assert.NotNull(direct.TryGet(s_cid));
    }

    [PeerFact(Peer.Moto)]
    public async Task A_damaged_index_object_is_an_error_and_not_a_missing_block()
    {
        Put();
        await using FaultyS3 faulty = await Before((method, path) => method == "GET" && path.Contains("/index/", StringComparison.Ordinal)
            ? S3Misdeed.WrongByte
            : S3Misdeed.None);
        using BlockBackend backend = Open(faulty);
        Assert.Equal(ErrorCode.InvalidData, Assert.Throws<ArrowCidException>(() => backend.TryGet(s_cid)).Code);
    }

    [PeerFact(Peer.Moto)]
    public async Task Requests_stop_while_a_server_fails_and_go_on_when_it_is_well()
    {
        Put();
        bool isIll = true;
        await using FaultyS3 faulty = await Before((_, _) => isIll ? S3Misdeed.SlowDown : S3Misdeed.None);
        using BlockBackend backend = Open(faulty, s_fast with { Break = TimeSpan.FromMilliseconds(500) });
        for (int i = 0; i < 40; i++)
            Assert.Equal(ErrorCode.Busy, Assert.Throws<ArrowCidException>(() => backend.TryGet(s_cid)).Code);
        // Without a break it would be 120.
        Assert.InRange(faulty.Requests, 20, 60);
        isIll = false;
        BlockLease? found = null;
        for (int i = 0; i < 1000 && found is null; i++)
        {
            try
            {
                found = backend.TryGet(s_cid);
            }
            catch (ArrowCidException e) when (e.Code == ErrorCode.Busy)
            {
                // The break is not over.
                Assert.True(e.IsTransient);
            }
        }

        Assert.NotNull(found);
    }

    [PeerTheory(Peer.Moto)]
    [InlineData(nameof(S3Misdeed.Close))]
    [InlineData(nameof(S3Misdeed.LoseAnswer))]
    public async Task A_writer_that_is_lost_at_any_request_leaves_a_bucket_that_the_next_writer_completes(string last)
    {
        using BlockBackend source = BlockBackend.InMemory();
        byte[] node = DagCbor.Encode(IpldNode.List(IpldNode.Link(s_cid)));
        Cid parent = Cid.Sha256(Multicodec.DagCbor, node), other = Cid.Sha256(Multicodec.Raw, "other"u8);
        source.Put(s_cid, s_bytes);
        source.Put(parent, node);
        source.Put(other, "other"u8.ToArray());
        bool isComplete = false;
        for (int most = 1; !isComplete; most++)
        {
            string folder = MotoServer.NewFolder();
            await WriteFormat(folder);
            int count = 0;
            await using FaultyS3 faulty = await Before((_, _) => Interlocked.Increment(ref count) is var at && at < most
                ? S3Misdeed.None
                : at == most ? Enum.Parse<S3Misdeed>(last) : S3Misdeed.Close);
            var settings = s_fast with { Attempts = 2, MergedIndexes = 2 };
            using (var lost = new S3Backend(S3Bucket.Open(S3Location.Parse(folder) with { Endpoint = faulty.Url }, settings)))
            {
                try
                {
                    _ = lost.CopyFrom(source, [other]);
                    _ = lost.CopyFrom(source, [parent]);
                    isComplete = true;
                }
                catch (ArrowCidException e)
                {
                    Assert.True(e.IsTransient, e.ToString());
                }
            }

            using var next = new S3Backend(MotoServer.Open(folder, settings));
            foreach (Cid cid in (Cid[])[other, s_cid, parent])
            {
                if (next.Contains(cid)) Assert.Equal(source.Get(cid).Bytes.ToArray(), next.Get(cid).Bytes.ToArray());
            }

            Assert.True(!next.Contains(parent) || next.Contains(s_cid), $"a node without its block, after {most} requests");
            Assert.Equal(3, next.CopyFrom(source, [parent, other]).Blocks);
            foreach (Cid cid in (Cid[])[other, s_cid, parent]) Assert.NotNull(next.TryGet(cid));
        }
    }

    private static async Task WriteFormat(string folder)
    {
        using S3Bucket bucket = MotoServer.Open(folder);
        var format = new BucketFormat { Version = BucketFormat.Current, Id = Guid.NewGuid(), ChecksDigests = false };
        _ = await bucket.WriteAsync(BucketFormat.Key, new MemoryReadStream(format.Encode()), mayReplace: false, CancellationToken.None);
    }

    private void Put()
    {
        using var backend = new S3Backend(MotoServer.Open(_folder, s_fast));
        backend.Put(s_cid, s_bytes);
    }

    private static Task<FaultyS3> Before(Func<string, string, S3Misdeed> choose) => FaultyS3.Start(MotoServer.Url, choose);

    private S3Backend Open(FaultyS3 faulty, S3Settings? settings = null)
    {
        S3Location location = S3Location.Parse(_folder) with { Endpoint = faulty.Url };
        return new S3Backend(S3Bucket.Open(location, settings ?? s_fast));
    }
}
