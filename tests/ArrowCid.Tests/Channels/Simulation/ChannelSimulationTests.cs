using System.Collections.Concurrent;
using Xunit.Abstractions;

namespace ArrowCid.Tests.Channels.Simulation;

public class ChannelSimulationTests(ITestOutputHelper output)
{
    private static bool IsLong => Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1";

    [Fact]
    public void All_participants_have_one_log_when_the_faults_end()
    {
        int seeds = IsLong ? 10_000 : 500;
        var faults = new ConcurrentBag<string>();
        Parallel.For(0, seeds, seed =>
        {
            if (ChannelSimulation.Run(seed) is { } fault) faults.Add(fault);
        });
        output.WriteLine($"{seeds} seeds");
        foreach (string fault in faults.Order(StringComparer.Ordinal).Take(5)) output.WriteLine(fault);
        Assert.Empty(faults.Order(StringComparer.Ordinal).Take(5));
    }

    [Fact]
    public void Simulation_finds_the_violation_when_messages_do_not_wait_for_their_parents()
    {
        int broken = Enumerable.Range(0, 20).Count(seed =>
            ChannelSimulation.Run(seed, waitsForParents: false)?.Contains("before", StringComparison.Ordinal) == true);
        output.WriteLine($"{broken} of 20 seeds break causality");
        Assert.True(broken >= 10);
    }
}
