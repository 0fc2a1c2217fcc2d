using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Interop;

/// <summary>What the producers and consumers in <c>samples/shared-memory</c> print.</summary>
internal static class Samples
{
    /// <summary>Asserts that a consumer read the ten batches that a producer put.</summary>
    public static void Agree(CommandResult put, CommandResult read)
    {
        Assert.Equal(Enumerable.Repeat("100000 rows  new", 10), put.Lines.Select(line => line.Split("  ", 2)[1]));
        Assert.Equal(
            put.Lines.Select((line, hour) => $"{line.Split(' ')[0]}  100000 rows  mean {100 + hour}.495"), read.Lines);
    }
}
