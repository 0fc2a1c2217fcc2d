using System.Runtime.CompilerServices;
using ArrowCid.Torture;

namespace ArrowCid.ProcessTests;

/// <summary>The children of these tests, many of which are killed.</summary>
public sealed class ChildDiagnosticsTests
{
    [ModuleInitializer]
    internal static void TurnOff() => ChildDiagnostics.TurnOff();

    [Fact]
    public void Child_inherits_that_it_opens_no_diagnostics_port()
    {
        var start = new System.Diagnostics.ProcessStartInfo("/bin/sh", ["-c", $"echo ${ChildDiagnostics.Setting}"])
        {
            RedirectStandardOutput = true,
        };
        using var child = System.Diagnostics.Process.Start(start)!;
        Assert.Equal("0", child.StandardOutput.ReadToEnd().Trim());
        child.WaitForExit();
    }
}
