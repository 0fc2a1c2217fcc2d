using System.Text.RegularExpressions;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>The unit for systemd.</summary>
public sealed partial class ServiceUnitTests
{
    [ProgramFact("systemd-analyze")]
    public void Systemd_finds_nothing_wrong_in_the_unit()
    {
        using var folder = new TemporaryFolder();
        string unit = File.ReadAllText(Path.Combine(Command.Root, "samples", "serve", "arrowcid.service"));
        Assert.Equal(2, ProgramPath().Count(unit));
        // The command is not installed where the tests run, and a unit without its program is an error.
        string file = folder.Write("arrowcid.service",
            System.Text.Encoding.UTF8.GetBytes(ProgramPath().Replace(unit, "=/bin/true")));
        CommandResult good = Command.Program("systemd-analyze", "verify", "--man=no", file).Exits(0);
        Assert.Equal("", good.Text + good.Errors);

        string bad = folder.Write("wrong.service", System.Text.Encoding.UTF8.GetBytes(unit + "\n[Service]\nNoSuchSetting=1\n"));
        CommandResult found = Command.Program("systemd-analyze", "verify", "--man=no", bad);
        Assert.Contains("NoSuchSetting", found.Errors);
    }

    [GeneratedRegex("=/usr/bin/arrowcid(?= serve)")]
    private static partial Regex ProgramPath();
}
