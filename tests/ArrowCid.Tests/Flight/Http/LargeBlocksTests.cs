using ArrowCid.Server.Access;
using ArrowCid.Server.Http;
using ArrowCid.Tests.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace ArrowCid.Tests.Flight.Http;

/// <summary>The parts of large blocks are found without anybody waiting long for them.</summary>
public sealed class LargeBlocksTests : IDisposable
{
    private static readonly TimeSpan s_long = TimeSpan.FromMinutes(2);

    private readonly TemporaryStore _directory = new();
    private readonly CidStore _store;

    public LargeBlocksTests() => _store = CidStore.Open(_directory.Directory,
        new CidStoreOptions { Capacity = 96 << 20, SegmentSize = 8 << 20 });

    public void Dispose()
    {
        _store.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Who_asks_is_told_to_come_again_while_the_hashing_goes_on()
    {
        Cid[] cids = [.. Enumerable.Range(1, 4).Select(i => _store.Put(ServedStore.Numbers(150_000 * i)).Cid)];
        using var large = new LargeBlocks(_store, TimeSpan.Zero, default);
        int refusals = 0;
        DateTime end = DateTime.UtcNow + s_long;
        while (!Array.TrueForAll(cids, cid => large.Find(cid) is not null))
        {
            Assert.True(DateTime.UtcNow < end, "the blocks were never cut");
            Exception? error = await Record.ExceptionAsync(() => large.CatchUpAsync(default));
            if (error is null) continue;
            Assert.Equal(ErrorCode.Busy, Assert.IsType<ArrowCidException>(error).Code);
            refusals++;
        }

        Assert.True(refusals > 0);
        Assert.All(cids, cid => Assert.NotNull(large.FindNode(large.Find(cid)!.Root)));
    }

    [Fact]
    public async Task What_was_put_before_the_question_is_known_after_the_answer()
    {
        using var large = new LargeBlocks(_store, s_long, default);
        Task[] askers = [.. Enumerable.Range(1, 8).Select(i => Task.Run(async () =>
        {
            Cid cid = _store.Put(ServedStore.Numbers(70_000 + i)).Cid;
            await large.CatchUpAsync(default);
            Assert.NotNull(large.Find(cid));
        }))];
        await Task.WhenAll(askers);
    }

    [Fact]
    public async Task Dispose_returns_when_no_work_reads_the_store_any_more()
    {
        Cid[] cids = [.. Enumerable.Range(1, 6).Select(i => _store.Put(ServedStore.Numbers(70_000 * i)).Cid)];
        var large = new LargeBlocks(_store, s_long, default);
        Task one = large.CatchUpAsync(default), other = large.CatchUpAsync(default);
        large.Dispose();
        bool[] before = Found();
        _store.Dispose();
        foreach (Task task in new[] { one, other })
        {
            Exception? error = await Record.ExceptionAsync(() => task.WaitAsync(s_long));
            Assert.True(error is null or OperationCanceledException, $"{error}");
        }

        Assert.Equal(before, Found());

        bool[] Found() => [.. cids.Select(cid => large.Find(cid) is not null)];
    }

    [Fact]
    public async Task A_client_that_is_told_to_come_again_is_told_when()
    {
        var gate = new AccessGate(new AccessSettings(), NullLogger.Instance);
        var guard = new Guard(gate, new ClientLimits(new LimitSettings(), TimeProvider.System));
        using var service = new HttpService(_store, guard, new OriginRules([], []), NullLogger.Instance, default);
        var route = new Route("GET", "/ipfs", null, RouteKind.Gateway, _ => throw new ArrowCidException(ErrorCode.Busy, "busy"));
        var context = new DefaultHttpContext();
        await new RoutePipeline(route, service).Serve(context);
        Assert.Equal((503, "2"), (context.Response.StatusCode, context.Response.Headers.RetryAfter.ToString()));
    }
}
