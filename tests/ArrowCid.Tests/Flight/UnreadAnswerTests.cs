using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.Sockets;
using ArrowCid.Client;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Limits;
using ArrowCid.Server;
using ArrowCid.Tests.Store;
using Google.Protobuf;
using Grpc.Core;

namespace ArrowCid.Tests.Flight;

/// <summary>Answers that their callers do not read.</summary>
public sealed class UnreadAnswerTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(10), s_long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Writer_ends_the_call_when_nothing_is_read_in_time()
    {
        var clock = new WaitedClock();
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1 << 16, resumeWriterThreshold: 1 << 15));
        int ends = 0;
        var writer = new GrpcWriter(pipe.Writer) { IsResponse = true, Unread = (new UnreadLimit(s_patience, clock), () => ends++) };
        Task writing = writer.WriteAsync(new byte[1], new byte[1 << 20], default).AsTask();
        for (int i = 0; i < 3; i++)
        {
            // A reader that takes something within the time is waited for.
            await clock.Waits(s_patience);
            clock.Advance(s_patience - TimeSpan.FromSeconds(1));
            Assert.False(writing.IsCompleted);
            ReadResult read = await pipe.Reader.ReadAsync();
            pipe.Reader.AdvanceTo(read.Buffer.End);
        }

        await clock.Waits(s_patience);
        clock.Advance(s_patience);
        GrpcException late = await Assert.ThrowsAsync<GrpcException>(() => writing.WaitAsync(s_long));
        Assert.Equal((StatusCode.DeadlineExceeded, 1), (late.StatusCode, ends));
    }

    [Fact]
    public async Task Writer_ends_with_its_call_before_the_time_is_over()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1 << 16, resumeWriterThreshold: 1 << 15));
        using var ends = new CancellationTokenSource();
        var writer = new GrpcWriter(pipe.Writer)
        {
            IsResponse = true,
            Unread = (new UnreadLimit(s_patience, new ManualClock()), () => Assert.Fail("it has not waited so long")),
        };
        Task writing = writer.WriteAsync(new byte[1], new byte[1 << 20], ends.Token).AsTask();
        Assert.False(writing.IsCompleted);
        await ends.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing.WaitAsync(s_long));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DoGet_that_is_not_read_is_reset_only_without_a_token(bool hasToken)
    {
        var clock = new WaitedClock();
        await using ServedStore served = await ServedStore.Start(_ => new CidServerOptions
        {
            Flight = ServedStore.Any,
            Http = null,
            UnreadTimeout = s_patience,
            Time = clock,
        });
        Cid cid = served.Store.Put(ServedStore.Numbers(1 << 18)).Cid;
        using var socket = new TcpClient();
        await socket.ConnectAsync(served.FlightEndPoint);
        await using NetworkStream stream = socket.GetStream();
        var http = new RawHttp2(stream);
        await http.StartAsync(window: 1 << 10);
        byte[] ticket = FlightCall.Ticket($"{cid}").ToByteArray();
        KeyValuePair<string, string>[] headers = hasToken ? [new("authorization", $"Bearer {served.Token}")] : [];
        await http.CallAsync(FlightCall.Service + "DoGet", headers, [0, 0, 0, 0, (byte)ticket.Length, .. ticket]);
        using var watchdog = new CancellationTokenSource(s_long);
        if (hasToken)
        {
            // No timer is set for it; its own call without a token is ended in the other case.
            await http.DataAsync(watchdog.Token);
            Assert.False(clock.HasWaits(s_patience));
            return;
        }

        await clock.Waits(s_patience);
        clock.Advance(s_patience);
        Assert.Equal(8, await http.ResetAsync(watchdog.Token));
        using CidClient client = served.FlightClient(token: served.Token);
        using RemoteBatch? batch = await client.TryGetAsync(cid);
        Assert.Equal(1 << 18, batch!.Batch.Length);
    }

    /// <summary>A clock that tells when a timer of some length is set.</summary>
    private sealed class WaitedClock : TimeProvider
    {
        private readonly ManualClock _clock = new();
        private readonly ConcurrentDictionary<TimeSpan, SemaphoreSlim> _waits = [];

        public override long TimestampFrequency => _clock.TimestampFrequency;

        public void Advance(TimeSpan by) => _clock.Advance(by);

        public bool HasWaits(TimeSpan time) => _waits.ContainsKey(time);

        /// <summary>Returns once one more timer of a length was set.</summary>
        public async Task Waits(TimeSpan time) =>
            Assert.True(await _waits.GetOrAdd(time, _ => new SemaphoreSlim(0)).WaitAsync(s_long), "no timer was set");

        public override DateTimeOffset GetUtcNow() => _clock.GetUtcNow();

        public override long GetTimestamp() => _clock.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            ITimer timer = period == Timeout.InfiniteTimeSpan
                ? _clock.CreateTimer(callback, state, dueTime, period)
                : System.CreateTimer(callback, state, dueTime, period);
            _ = _waits.GetOrAdd(dueTime, _ => new SemaphoreSlim(0)).Release();
            return timer;
        }
    }
}
