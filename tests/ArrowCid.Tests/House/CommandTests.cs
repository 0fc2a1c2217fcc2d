using System.Diagnostics;
using System.Runtime.Versioning;

namespace ArrowCid.Tests.House;

/// <summary>What the README tells its readers to run is what the checks of a change run.</summary>
public class CommandTests
{
    private const string TestCommand = "bash tests/run";

    [Theory]
    [InlineData("README.md")]
    [InlineData("tests/README.md")]
    [InlineData(".ci/run")]
    public void The_test_command_is_the_same_everywhere(string file) =>
        Assert.Contains(TestCommand, File.ReadAllText(Repository.PathOf(file)), StringComparison.Ordinal);

    [Theory]
    [SupportedOSPlatform("linux")]
    [InlineData("tests/run")]
    [InlineData(".ci/run")]
    [InlineData(".ci/summary")]
    [InlineData(".ci/without-peers")]
    [InlineData("interop/peers/setup")]
    [InlineData("interop/peers/python")]
    [InlineData("interop/peers/run")]
    public void Scripts_can_be_started(string file) => Assert.True(
        File.GetUnixFileMode(Repository.PathOf(file)).HasFlag(UnixFileMode.UserExecute),
        $"{file} is not executable: git update-index --chmod=+x {file}");

    [Theory]
    [InlineData("python3", false)]
    [InlineData("node", false)]
    [InlineData("npm", false)]
    [InlineData("cargo", false)]
    [InlineData("cc", false)]
    [InlineData("c++", false)]
    [InlineData("clang", false)]
    [InlineData("curl", false)]
    [InlineData("chromium", false)]
    [InlineData("redis-server", false)]
    [InlineData("systemd-analyze", false)]
    [InlineData("dotnet", true)]
    [InlineData("sha256sum", true)]
    public void Run_without_peers_finds_the_SDK_and_small_tools_alone(string program, bool isFound)
    {
        using Process run = Process.Start(new ProcessStartInfo(
            Repository.PathOf(".ci/without-peers"), ["sh", "-c", "command -v \"$0\"", program])
        {
            RedirectStandardOutput = true,
        })!;
        string found = run.StandardOutput.ReadToEnd();
        run.WaitForExit();
        Assert.Equal((isFound, isFound), (run.ExitCode == 0, found.Length > 0));
    }
}
