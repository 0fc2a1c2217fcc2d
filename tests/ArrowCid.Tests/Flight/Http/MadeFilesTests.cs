using ArrowCid.Server.Http;
using ArrowCid.Server.Service;
using ArrowCid.Tests.Store;

namespace ArrowCid.Tests.Flight.Http;

/// <summary>Files that are made once and kept for the reads of their ranges.</summary>
public sealed class MadeFilesTests
{
    private static readonly MadeFileLimits s_limits = new() { IdleBytes = 1000, TotalBytes = 10_000 };

    [Fact]
    public async Task File_is_made_once_when_several_requests_open_it_at_the_same_time()
    {
        const int Requests = 8;
        using var files = new MadeFiles(s_limits, TimeProvider.System);
        using var go = new ManualResetEventSlim();
        int made = 0;
        Task<MadeFileLease>[] opening = [.. Enumerable.Range(0, Requests).Select(_ => files.OpenAsync("a", file =>
        {
            go.Wait();
            file.Write(new byte[Interlocked.Increment(ref made)]);
        }, default))];
        Assert.Equal(1, files.Count);
        go.Set();
        MadeFileLease[] leases = await Task.WhenAll(opening);
        Assert.Equal((1, Requests), (made, leases.Count(lease => lease.Length == 1)));
        foreach (MadeFileLease lease in leases) lease.Dispose();
        using MadeFileLease again = await files.OpenAsync("a", _ => Assert.Fail("it exists"), default);
        Assert.Equal(1, again.Length);
    }

    [Fact]
    public async Task File_is_completed_when_the_client_leaves_while_it_is_made()
    {
        using var files = new MadeFiles(s_limits, TimeProvider.System);
        using SemaphoreSlim started = new(0), go = new(0);
        using var leaves = new CancellationTokenSource();
        Task<MadeFileLease> first = files.OpenAsync("a", file =>
        {
            _ = started.Release();
            go.Wait();
            file.Write([1, 2]);
        }, leaves.Token);
        await started.WaitAsync();
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Task<MadeFileLease> second = files.OpenAsync("a", _ => Assert.Fail("it is being made"), default);
        _ = go.Release();
        using MadeFileLease lease = await second;
        Assert.Equal((2, 1), (lease.Length, files.Count));
    }

    [Fact]
    public async Task File_that_waits_is_not_made_when_its_client_leaves()
    {
        using var files = new MadeFiles(s_limits with { Makers = 1 }, TimeProvider.System);
        using var go = new ManualResetEventSlim();
        using var leaves = new CancellationTokenSource();
        Task<MadeFileLease> first = files.OpenAsync("a", _ => go.Wait(), default);
        Task<MadeFileLease> left = files.OpenAsync("b", _ => Assert.Fail("its client left"), leaves.Token);
        Task<MadeFileLease> last = files.OpenAsync("c", file => file.Write([1]), default);
        Assert.Equal(3, files.Count);
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        Assert.Equal((2, false), (files.Count, last.IsCompleted));
        go.Set();
        (await first).Dispose();
        (await last).Dispose();
        Assert.Equal(2, files.Count);
    }

    [Fact]
    public async Task Least_recently_used_files_are_closed_when_idle_files_exceed_their_limit()
    {
        var clock = new ManualClock();
        using var files = new MadeFiles(s_limits with { IdleBytes = 100 }, clock);
        int made = 0;
        await Use("a", 40);
        await Use("b", 40);
        await Use("a", 40);
        await Use("c", 40);
        Assert.Equal((3, 2, 80), (made, files.Count, files.Bytes));
        await Use("a", 40);
        Assert.Equal(3, made);
        await Use("b", 40);
        Assert.Equal(4, made);
        // The last used one is kept even if it is larger alone: its next range follows.
        await Use("large", 5000);
        Assert.Equal((1, 5000), (files.Count, files.Bytes));
        await Use("large", 5000);
        Assert.Equal(5, made);

        async Task Use(string tag, int bytes)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            using MadeFileLease lease = await files.OpenAsync(tag, file =>
            {
                made++;
                file.Write(new byte[bytes]);
            }, default);
            Assert.Equal(bytes, lease.Length);
        }
    }

    [Fact]
    public async Task File_is_refused_as_busy_when_it_and_those_in_use_exceed_the_limit()
    {
        using var files = new MadeFiles(s_limits with { TotalBytes = 100 }, TimeProvider.System);
        using (MadeFileLease alone = await files.OpenAsync("alone", file => file.Write(new byte[150]), default))
        {
            Assert.Equal(150, alone.Length);
            int writes = 0;
            ArrowCidException busy = await Assert.ThrowsAsync<ArrowCidException>(() => files.OpenAsync("more", file =>
            {
                for (; writes < 100; writes++) file.Write(new byte[1]);
            }, default));
            Assert.Equal((ErrorCode.Busy, 0, 150), (busy.Code, writes, files.Bytes));
        }

        // The file that no request reads any more makes space.
        using MadeFileLease small = await files.OpenAsync("small", file => file.Write(new byte[60]), default);
        Assert.Equal((1, 60), (files.Count, files.Bytes));
        using MadeFileLease next = await files.OpenAsync("next", file => file.Write(new byte[40]), default);
        Assert.Equal((2, 100), (files.Count, files.Bytes));
    }

    [Fact]
    public async Task File_in_use_stays_open_when_others_replace_it_and_when_the_server_stops()
    {
        var files = new MadeFiles(s_limits with { IdleBytes = 10 }, TimeProvider.System);
        MadeFileLease read = await files.OpenAsync("a", file => file.Write([1, 2, 3]), default);
        for (int i = 0; i < 5; i++) (await files.OpenAsync($"b{i}", file => file.Write(new byte[10]), default)).Dispose();
        Assert.Equal(2, files.Count);
        files.Dispose();
        byte[] bytes = new byte[3];
        Assert.Equal(2, await read.ReadAsync(bytes, 1, default));
        Assert.Equal([2, 3, 0], bytes);
        read.Dispose();
        Assert.Equal((0, 0), (files.Count, files.Bytes));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => files.OpenAsync("a", _ => { }, default));
    }

    [Fact]
    public async Task Making_of_a_file_ends_at_its_next_write_when_the_server_stops()
    {
        var files = new MadeFiles(s_limits, TimeProvider.System);
        using SemaphoreSlim started = new(0), go = new(0);
        var ended = new TaskCompletionSource<Exception?>();
        Task<MadeFileLease> opening = files.OpenAsync("a", file =>
        {
            file.Write([1]);
            _ = started.Release();
            go.Wait();
            ended.SetResult(Record.Exception(() => file.Write([2])));
            file.Write([3]);
        }, default);
        await started.WaitAsync();
        files.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => opening);
        _ = go.Release();
        Assert.IsType<ObjectDisposedException>(await ended.Task);
    }

    [Fact]
    public async Task File_is_made_again_when_it_could_not_be_made()
    {
        using var files = new MadeFiles(s_limits, TimeProvider.System);
        ArrowCidException error = await Assert.ThrowsAsync<ArrowCidException>(() => files.OpenAsync("a", file =>
        {
            file.Write(new byte[7]);
            throw new IOException("no space");
        }, default));
        Assert.Contains("no space", error.Message);
        Assert.Equal((ErrorCode.Io, 0, 0), (error.Code, files.Count, files.Bytes));
        using MadeFileLease made = await files.OpenAsync("a", file => file.Write([7]), default);
        Assert.Equal(1, made.Length);
    }

    [Fact]
    public async Task File_is_closed_when_no_request_has_read_it_for_five_minutes()
    {
        var clock = new ManualClock();
        using var files = new MadeFiles(new MadeFileLimits(), clock);
        TimeSpan idle = TimeSpan.FromMinutes(5), second = TimeSpan.FromSeconds(1);
        MadeFileLease read = await files.OpenAsync("read", file => file.Write([1]), default);
        (await files.OpenAsync("idle", file => file.Write([2]), default)).Dispose();
        clock.Advance(TimeSpan.FromMinutes(2));
        (await files.OpenAsync("later", file => file.Write([3]), default)).Dispose();
        clock.Advance(idle - TimeSpan.FromMinutes(2) - second);
        Assert.Equal(3, files.Count);
        clock.Advance(second);
        Assert.Equal(2, files.Count);
        clock.Advance(idle);
        Assert.Equal(1, files.Count);
        read.Dispose();
        clock.Advance(idle - second);
        Assert.Equal(1, files.Count);
        clock.Advance(second);
        Assert.Equal((0, 0), (files.Count, files.Bytes));
    }

    [Fact]
    public void Temporary_file_has_no_name_when_it_is_open()
    {
        using FileStream file = Spool.Make();
        Assert.Equal(OperatingSystem.IsWindows(), File.Exists(file.Name));
        file.Write([1, 2]);
        file.Position = 1;
        Assert.Equal(2, file.ReadByte());
    }
}
