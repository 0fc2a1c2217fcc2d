using System.Runtime.Versioning;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

[SupportedOSPlatform("linux")]
public sealed class LifeTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private static StoreSettings Quick => TemporaryStore.Small with { TickInterval = TimeSpan.FromMilliseconds(1) };

    [Fact]
    public void A_process_shows_with_what_it_maps_and_writes()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        ProcessReport before = Assert.Single(store.Examination.Processes());
        Assert.Equal((Environment.ProcessId, true, 0), (before.Process, before.IsWriter, before.Lanes.Count));
        using RecordLease lease = store.Find(store.PutRaw(StoreCalls.Numbered(1, 3000)))!;
        ProcessReport process = Assert.Single(store.Examination.Processes());
        Assert.Equal([0], process.Lanes);
        Assert.Equal(["seg-0000-00000001"], process.Segments);
        Assert.Equal(FileDescriptor.EffectiveUserId, process.UserId);
        Assert.NotEqual("", process.Name);
        Assert.InRange(process.Since!.Value, DateTimeOffset.UtcNow.AddMinutes(-10), DateTimeOffset.UtcNow);
        SegmentReport segment = Assert.Single(store.Examination.Segments());
        Assert.Equal(("seg-0000-00000001", SegmentState.Open, SegmentKind.Data, 0, 1L << 20, 3136L),
            (segment.Name, segment.State, segment.Kind, segment.Lane, segment.Bytes, segment.Committed));
        Assert.Equal([Environment.ProcessId], segment.Holders);
    }

    [Fact]
    public void Maps_of_the_process_name_the_segment_when_it_was_created_in_it()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        using RecordLease lease = store.Find(store.PutRaw(StoreCalls.Numbered(1, 3000)))!;
        Assert.Contains("seg-0000-00000001", Mapped(directory.Directory));
    }

    [Fact]
    public void A_slot_of_the_participants_is_free_again_after_a_close()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        for (int i = 0; i < StoreLayout.MaxParticipants + 10; i++)
        {
            using BlockStore other = directory.Open();
            if (i % 300 == 0) Assert.Single(other.Examination.Processes());
        }

        Assert.Single(store.Examination.Processes());
        Assert.Equal([], store.Reaper.Reap(dryRun: true));
    }

    [Fact]
    public void More_handles_than_slots_for_participants_work_all_the_same()
    {
        using var directory = new TemporaryStore();
        var stores = new List<BlockStore>();
        for (int i = 0; i < 40; i++) stores.Add(directory.Open());
        Digest256 digest = stores[^1].PutRaw([1]);
        Assert.All(stores, store => Assert.NotNull(store.Read(digest)));
        stores.ForEach(store => store.Dispose());
    }

    [Fact]
    public void Segments_that_nobody_uses_are_unmapped_in_time_and_mapped_again_when_needed()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        Digest256[] digests = [.. Enumerable.Range(0, 40).Select(i => store.PutRaw(StoreCalls.Numbered(i, 100_000)))];
        using BlockStore reader = directory.Open(Quick with { ReadOnly = true });
        Assert.All(digests, digest => Assert.NotNull(reader.Read(digest)));
        using RecordLease held = reader.Find(digests[0])!;
        string first = store.Examination.Segments()[0].Name;
        // The reader's one that is held and its open one stay, and the writer's open one and the one made ahead.
        Assert.True(SpinWait.SpinUntil(() => Mapped(directory.Directory).Count(name => name == first) == 1 &&
            Mapped(directory.Directory).Distinct().Count() <= 4, s_patience),
                string.Join(' ', Mapped(directory.Directory)));
        Assert.Equal(100_000, held.Memory.Length);
        Assert.All(digests, digest => Assert.NotNull(reader.Read(digest)));
    }

    [Fact]
    public void A_copying_reader_maps_no_segment_and_survives_a_file_cut_short_under_it()
    {
        using var directory = new TemporaryStore();
        Digest256 small, large;
        using (BlockStore store = directory.Open())
        {
            small = store.PutRaw(StoreCalls.Numbered(1, 5000));
            large = store.PutRaw(StoreCalls.Numbered(2, 300_000));
        }

        using BlockStore reader = directory.Open(TemporaryStore.Small with { ReadOnly = true, Copy = true });
        using RecordLease lease = reader.Find(small)!;
        Assert.Equal(StoreCalls.Numbered(1, 5000), lease.Memory.ToArray());
        Assert.Contains("private copy", lease.Location, StringComparison.Ordinal);
        Assert.True(reader.Contains(large));
        Assert.Null(reader.Find(Sha256.Hash([9])));
        Assert.Empty(Mapped(directory.Directory));
        using (FileStream file = File.OpenWrite(directory.PathOf("seg-0000-00000001"))) file.SetLength(100_000);
        Assert.Equal(StoreCalls.Numbered(1, 5000), reader.Read(small));
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Throws<ArrowCidException>(() => reader.Find(large)).Code);
        using (FileStream file = File.OpenWrite(directory.PathOf("seg-0000-00000001"))) file.SetLength(0);
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Throws<ArrowCidException>(() => reader.Find(small)).Code);
        Assert.Equal(StoreCalls.Numbered(1, 5000), lease.Memory.ToArray());
    }

    [Fact]
    public void A_segment_cut_short_while_nobody_maps_it_is_an_error_and_the_others_are_readable()
    {
        using var directory = new TemporaryStore();
        Digest256[] digests;
        using (BlockStore store = directory.Open())
            digests = [.. Enumerable.Range(0, 20).Select(i => store.PutRaw(StoreCalls.Numbered(i, 100_000)))];
        using (FileStream file = File.OpenWrite(directory.PathOf("seg-0000-00000001"))) file.SetLength(200_000);
        using BlockStore reader = directory.Open();
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Throws<ArrowCidException>(() => reader.Find(digests[0])).Code);
        Assert.NotNull(reader.Read(digests[^1]));
        // What is put again is written anew.
        Assert.True(reader.PutRaw(StoreCalls.Numbered(0, 100_000), out _));
        Assert.NotNull(reader.Read(digests[0]));
    }

    [Fact]
    public void Copies_that_were_changed_on_their_way_are_refused_by_their_digest()
    {
        using var directory = new TemporaryStore();
        Digest256 digest;
        using (BlockStore store = directory.Open()) digest = store.PutRaw(StoreCalls.Numbered(1, 5000));
        string path = directory.PathOf("seg-0000-00000001");
        byte[] bytes = File.ReadAllBytes(path);
        bytes[4096 + 128 + 77] ^= 1;
        File.WriteAllBytes(path, bytes);
        using BlockStore reader = directory.Open(TemporaryStore.Small with { Copy = true });
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Throws<ArrowCidException>(() => reader.Find(digest)).Code);
    }

    [Fact]
    public void A_block_whose_segment_is_locked_is_read_into_private_memory()
    {
        using var directory = new TemporaryStore();
        Digest256 digest;
        using (BlockStore store = directory.Open()) digest = store.PutRaw(StoreCalls.Numbered(1, 5000));
        using FileDescriptor folder = FileDescriptor.TryOpenDirectory(directory.Directory, out _)!;
        using FileDescriptor file = folder.TryOpenFile("seg-0000-00000001", writable: true, out _)!;
        Assert.Equal(0, file.TryLock(0, 0, exclusive: true));
        using BlockStore reader = directory.Open();
        using RecordLease lease = reader.Find(digest)!;
        Assert.Equal(StoreCalls.Numbered(1, 5000), lease.Memory.ToArray());
        Assert.Contains("private copy", lease.Location, StringComparison.Ordinal);
    }

    [Fact]
    public void A_groups_store_stands_behind_a_gate_and_its_members_may_write_it()
    {
        using var directory = new TemporaryStore();
        string gate = directory.PathOf("gate"), path = Path.Combine(gate, "store");
        StoreSettings settings = TemporaryStore.Small with { Group = true };
        using (BlockStore store = BlockStore.Open(path, settings))
        {
            _ = store.PutRaw(StoreCalls.Numbered(1, 5000));
            Assert.Equal("2775", Mode(path));
            Assert.Equal("750", Mode(gate));
            Assert.Equal("666", Mode(Path.Combine(path, "wait.v1")));
            Assert.All(Directory.GetFiles(path).Where(file => !file.EndsWith("wait.v1", StringComparison.Ordinal)),
                file => Assert.Equal("664", Mode(file)));
        }

        var plain = Assert.Throws<ArrowCidException>(() => BlockStore.Open(path, TemporaryStore.Small));
        Assert.Equal(ErrorCode.AccessDenied, plain.Code);
        File.SetUnixFileMode(gate, (UnixFileMode)0x1ed); // 0755
        Assert.Equal(ErrorCode.AccessDenied,
            Assert.Throws<ArrowCidException>(() => BlockStore.Open(path, settings)).Code);
        File.SetUnixFileMode(gate, (UnixFileMode)0x1e8);
        BlockStore.Open(path, settings).Dispose();
        File.SetUnixFileMode(path, (UnixFileMode)0x1ff);
        Assert.Equal(ErrorCode.AccessDenied,
            Assert.Throws<ArrowCidException>(() => BlockStore.Open(path, settings)).Code);
    }

    [Fact]
    public void A_file_system_whose_locks_nobody_sees_is_refused()
    {
        using var directory = new TemporaryStore();
        directory.Open().Dispose();
        FileSeam.Current = new BlindLocks(directory.Directory);
        try
        {
            var refused = Assert.Throws<ArrowCidException>(() => directory.Open());
            Assert.Equal(ErrorCode.Unsupported, refused.Code);
        }
        finally
        {
            FileSeam.Current = null;
        }

        directory.Open().Dispose();
    }

    /// <summary>Grants the lock that says who is there, and does not take it.</summary>
    private sealed class BlindLocks(string directory) : FileSeam
    {
        private int _isDone;

        public override int Before(in FileEvent call) =>
            call.Call == FileCall.Lock && call.Offset == StoreLayout.PresenceLock &&
            call.Path.StartsWith(directory, StringComparison.Ordinal) && Interlocked.Exchange(ref _isDone, 1) == 0
                ? Skip
                : 0;
    }

    private static string Mode(string path) =>
        Convert.ToString((int)File.GetUnixFileMode(path), 8);

    /// <summary>The names of segments that this process has mapped, once for each mapping.</summary>
    private static List<string> Mapped(string directory) =>
    [
        .. File.ReadLines("/proc/self/maps").Where(line => line.Contains(directory + "/seg-", StringComparison.Ordinal))
            .Select(line => Path.GetFileName(line.Split(' ')[^1])),
    ];
}
