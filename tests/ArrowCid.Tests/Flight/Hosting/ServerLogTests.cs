using System.Text.RegularExpressions;
using ArrowCid.Server;
using ArrowCid.Server.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Tests.Flight;

/// <summary>What is logged, and how often.</summary>
public sealed partial class ServerLogTests
{
    [Fact]
    public void Log_leaves_out_lines_of_one_kind_that_come_too_often_and_counts_them()
    {
        const int Lines = 5000;
        using var text = new StringWriter();
        using (var log = new StandardErrorLog(ServerLog.Text, text))
        {
            ILogger logger = log.CreateLogger("test");
            for (int i = 0; i < Lines; i++) LogFault(logger, i);
            LogOther(logger);
        }

        string[] lines = text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        int written = lines.Count(line => line.Contains("fault", StringComparison.Ordinal));
        int omitted = lines.Select(line => OmittedPattern().Match(line)).Where(match => match.Success).Sum(match => int.Parse(match.Groups[1].Value));
        Assert.Equal(Lines, written + omitted);
        Assert.True(written < Lines / 2, $"{written} lines");
        Assert.Contains(lines, line => line.EndsWith("another line", StringComparison.Ordinal));
    }

    [LoggerMessage(7, LogLevel.Error, "fault {Number}")]
    private static partial void LogFault(ILogger log, int number);

    [LoggerMessage(8, LogLevel.Error, "another line")]
    private static partial void LogOther(ILogger log);

    [GeneratedRegex("([0-9]+) lines of the same kind were left out")]
    private static partial Regex OmittedPattern();
}
