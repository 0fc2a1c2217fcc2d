using ArrowCid.Tests.Store;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Transfer;

/// <summary>Backends of which any may answer.</summary>
public sealed class HedgedBackendTests
{
    private static readonly TimeSpan s_delay = TimeSpan.FromSeconds(1);
    private static readonly byte[] s_bytes = "the block"u8.ToArray();
    private static readonly Cid s_cid = Cid.Sha256(Multicodec.Raw, s_bytes);

    private readonly ManualClock _clock = new();

    [Fact]
    public async Task Next_backend_is_asked_after_the_delay_and_the_slow_one_is_canceled()
    {
        var slow = new Scripted("slow", cancel => WaitForCancel(cancel));
        var fast = new Scripted("fast", _ => s_bytes);
        using BlockBackend hedged = Hedge(slow, fast);
        Task<BlockLease?> read = hedged.TryGetAsync(s_cid);
        await slow.Asked.Task;
        Assert.Equal(0, fast.Reads);
        await AdvanceUntil(read);
        using BlockLease? block = await read;
        Assert.Equal(s_bytes, block!.Bytes.ToArray());
        await slow.Ended.Task;
        Assert.Equal((1, 1), (slow.Reads, fast.Reads));
    }

    [Fact]
    public void Next_backend_is_asked_at_once_when_one_has_wrong_bytes_or_fails_or_lacks_the_block()
    {
        var wrong = new Scripted("wrong", _ => "other bytes"u8.ToArray());
        var failing = new Scripted("failing", _ => throw new ArrowCidException(ErrorCode.Busy, "it does not answer"));
        var empty = new Scripted("empty", _ => null);
        var right = new Scripted("right", _ => s_bytes);
        // The clock stands still: no delay ends.
        using BlockBackend hedged = Hedge(wrong, failing, empty, right);
        using BlockLease? block = hedged.TryGet(s_cid);
        Assert.Equal(s_bytes, block!.Bytes.ToArray());
        Assert.Equal([1, 1, 1, 1], new[] { wrong, failing, empty, right }.Select(each => each.Reads));
    }

    [Fact]
    public void First_error_is_thrown_when_no_backend_has_the_block()
    {
        var empty = new Scripted("empty", _ => null);
        using BlockBackend hedged = Hedge(new Scripted("wrong", _ => "other bytes"u8.ToArray()), empty,
            new Scripted("failing", _ => throw new ArrowCidException(ErrorCode.Busy, "it does not answer")));
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Throws<ArrowCidException>(() => hedged.TryGet(s_cid)).Code);
        using BlockBackend none = Hedge(new Scripted("empty", _ => null), empty);
        Assert.Null(none.TryGet(s_cid));
    }

    [Fact]
    public void Backend_that_has_failed_is_asked_last_until_half_a_minute_has_passed()
    {
        var failing = new Scripted("failing", _ => throw new ArrowCidException(ErrorCode.Busy, "it does not answer"));
        var right = new Scripted("right", _ => s_bytes);
        using BlockBackend hedged = Hedge(failing, right);
        Assert.Equal((1, 1), Read());
        Assert.Equal((1, 2), Read());
        _clock.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal((2, 3), Read());

        (int, int) Read()
        {
            using BlockLease? block = hedged.TryGet(s_cid);
            Assert.NotNull(block);
            return (failing.Reads, right.Reads);
        }
    }

    [Fact]
    public async Task No_more_backends_are_asked_at_once_than_the_bound()
    {
        Scripted[] slow = [.. Enumerable.Range(0, 5).Select(i => new Scripted($"slow {i}", cancel => WaitForCancel(cancel)))];
        using BlockBackend hedged = BlockBackend.Hedged(slow,
            new HedgeOptions { Delay = s_delay, MaxParallel = 2, Time = _clock });
        using var cancel = new CancellationTokenSource();
        Task<BlockLease?> read = hedged.TryGetAsync(s_cid, cancel.Token);
        await slow[0].Asked.Task;
        while (!slow[1].Asked.Task.IsCompleted)
        {
            _clock.Advance(s_delay);
            await Task.Yield();
        }

        for (int i = 0; i < 100; i++)
        {
            _clock.Advance(s_delay);
            await Task.Yield();
        }

        Assert.Equal([1, 1, 0, 0, 0], slow.Select(each => each.Reads));
        await cancel.CancelAsync();
        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        await Task.WhenAll(slow[0].Ended.Task, slow[1].Ended.Task);
    }

    [Fact]
    public void Delay_is_the_time_in_which_most_answers_came()
    {
        var times = new AnswerTimes();
        Assert.Equal(200, times.Delay.TotalMilliseconds);
        for (int i = 1; i <= 64; i++) times.Add(TimeSpan.FromMilliseconds(i));
        Assert.Equal(60, times.Delay.TotalMilliseconds);
        for (int i = 0; i < 64; i++) times.Add(TimeSpan.FromMicroseconds(3));
        Assert.Equal(10, times.Delay.TotalMilliseconds);
        for (int i = 0; i < 64; i++) times.Add(TimeSpan.FromMinutes(3));
        Assert.Equal(2000, times.Delay.TotalMilliseconds);
    }

    [Fact]
    public void Limited_backend_ends_a_read_over_its_blocks_or_bytes()
    {
        using var blocks = new LimitedBackend(new Scripted("right", _ => s_bytes), 2, 1000);
        for (int i = 0; i < 2; i++) blocks.TryGet(s_cid)!.Dispose();
        Assert.Equal(ErrorCode.TooLarge, Assert.Throws<ArrowCidException>(() => blocks.TryGet(s_cid)).Code);
        using var bytes = new LimitedBackend(new Scripted("right", _ => s_bytes), 100, s_bytes.Length);
        bytes.TryGet(s_cid)!.Dispose();
        Assert.Equal(ErrorCode.TooLarge, Assert.Throws<ArrowCidException>(() => bytes.TryGet(s_cid)).Code);
    }

    private BlockBackend Hedge(params BlockBackend[] backends) =>
        BlockBackend.Hedged(backends, new HedgeOptions { Delay = s_delay, Time = _clock });

    private async Task AdvanceUntil(Task read)
    {
        while (!read.IsCompleted)
        {
            _clock.Advance(s_delay);
            await Task.Yield();
        }
    }

    private static byte[]? WaitForCancel(CancellationToken cancel)
    {
        cancel.WaitHandle.WaitOne();
        throw new OperationCanceledException(cancel);
    }

    private sealed class Scripted(string name, Func<CancellationToken, byte[]?> answer) : BlockBackend(name)
    {
        private int _reads;

        public int Reads => Volatile.Read(ref _reads);

        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override bool TryRead(Cid cid, out ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            _ = Interlocked.Increment(ref _reads);
            Asked.TrySetResult();
            try
            {
                byte[]? found = answer(cancellationToken);
                bytes = found;
                return found is not null;
            }
            finally
            {
                Ended.TrySetResult();
            }
        }
    }
}
