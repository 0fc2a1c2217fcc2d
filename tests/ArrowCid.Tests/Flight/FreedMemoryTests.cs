using System.IO.Pipelines;
using ArrowCid.Flight.Limits;
using ArrowCid.Server.Limits;
using ArrowCid.Tests.Storage.Disk;
using ArrowCid.Tests.Store;
using Microsoft.AspNetCore.Connections;

namespace ArrowCid.Tests.Flight;

/// <summary>What makes an idle server collect after a burst. The count is the process's, so that no other test may
/// run.</summary>
[Collection(FileSeamTests.Name)]
public sealed class FreedMemoryTests
{
    [Theory]
    [InlineData(2, true)]
    [InlineData(0.5, false)]
    public async Task Connection_counts_as_freed_memory_when_it_lasted_longer_than_a_second(double seconds, bool isCounted)
    {
        var clock = new ManualClock();
        var rules = new ConnectionRules(16, TimeSpan.FromSeconds(10), clock);
        // The count falls where an earlier test's burst is collected meanwhile.
        long more = -1;
        for (int i = 0; i < 10 && more < 0; i++)
        {
            long before = FreedMemory.Freed;
            await rules.Accept(_ =>
            {
                clock.Advance(TimeSpan.FromSeconds(seconds));
                return Task.CompletedTask;
            })(new DefaultConnectionContext("one", new Transport(), new Transport()));
            more = FreedMemory.Freed - before;
        }

        Assert.Equal(isCounted, more > 0);
    }

    private sealed class Transport : IDuplexPipe
    {
        public PipeReader Input { get; } = new Pipe().Reader;

        public PipeWriter Output { get; } = new Pipe().Writer;
    }
}
