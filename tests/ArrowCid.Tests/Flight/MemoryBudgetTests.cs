using ArrowCid.Flight.Limits;
using ArrowCid.Server.Limits;

namespace ArrowCid.Tests.Flight;

public sealed class MemoryBudgetTests
{
    private static readonly TimeSpan s_long = TimeSpan.FromMinutes(1);

    [Fact]
    public void Budget_gives_no_more_than_it_has()
    {
        var budget = new MemoryBudget(100);
        Assert.True(budget.TryAcquire(60));
        Assert.False(budget.TryAcquire(41));
        Assert.True(budget.TryAcquire(40));
        budget.Release(60);
        Assert.Equal(40, budget.Used);
    }

    [Fact]
    public void Part_of_a_budget_counts_against_the_whole()
    {
        var whole = new MemoryBudget(100);
        var part = new MemoryBudget(50, whole);
        Assert.True(whole.TryAcquire(70));
        Assert.False(part.TryAcquire(31));
        Assert.Equal(0, part.Used);
        Assert.True(part.TryAcquire(30));
        part.Release(30);
        Assert.Equal((70, 0), (whole.Used, part.Used));
        whole.Release(70);
        Assert.False(part.TryAcquire(51));
    }

    [Fact]
    public async Task Callers_that_wait_are_served_in_turn()
    {
        var budget = new MemoryBudget(100);
        Assert.True(budget.TryAcquire(100));
        Task<bool> first = budget.AcquireAsync(80, s_long, default).AsTask();
        Task<bool> second = budget.AcquireAsync(10, s_long, default).AsTask();
        budget.Release(50);
        Assert.False(first.IsCompleted);
        Assert.False(second.IsCompleted);
        budget.Release(50);
        Assert.True(await first);
        Assert.True(await second);
        Assert.Equal(90, budget.Used);
    }

    [Fact]
    public async Task Caller_that_waits_in_vain_leaves_its_place_to_the_next()
    {
        var budget = new MemoryBudget(100);
        Assert.True(budget.TryAcquire(50));
        using var gone = new CancellationTokenSource();
        Task<bool> large = budget.AcquireAsync(80, s_long, gone.Token).AsTask();
        Task<bool> small = budget.AcquireAsync(20, s_long, default).AsTask();
        await gone.CancelAsync();
        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        Assert.True(await small);
        Assert.Equal(70, budget.Used);
        Assert.False(await budget.AcquireAsync(101, s_long, default));
        Assert.False(await budget.AcquireAsync(31, TimeSpan.Zero, default));
    }

    [Fact]
    public void Idle_memory_is_reclaimed_when_another_caller_needs_it()
    {
        var budget = new MemoryBudget(100);
        Assert.True(budget.TryAcquire(90));
        var idle = new Idle(budget, 90);
        budget.Offer(idle);
        Assert.True(budget.TryAcquire(50));
        Assert.Equal(50, budget.Used);
        Assert.True(idle.IsReclaimed);
    }

    [Fact]
    public async Task Account_returns_what_its_call_left()
    {
        var memory = new ServerMemory(1 << 20);
        using (MemoryAccount account = memory.Open(isUpload: true))
        {
            await account.AcquireAsync(1000, isInflated: false, default);
            await account.AcquireAsync(500, isInflated: true, default);
            account.Release(200, isInflated: false);
            Assert.Equal(1300, memory.Used);
            _ = await Assert.ThrowsAsync<MemoryExhaustedException>(
                async () => await account.AcquireAsync(2 << 20, isInflated: false, default));
        }

        Assert.Equal(0, memory.Used);
    }

    private sealed class Idle(MemoryBudget budget, long bytes) : IReclaimable
    {
        public bool IsReclaimed { get; private set; }

        public void Reclaim()
        {
            IsReclaimed = true;
            budget.Release(bytes);
        }
    }
}
