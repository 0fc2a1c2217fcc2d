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
    [InlineData("interop/peers/setup")]
    [InlineData("interop/peers/python")]
    [InlineData("interop/peers/run")]
    public void Scripts_can_be_started(string file) => Assert.True(
        File.GetUnixFileMode(Repository.PathOf(file)).HasFlag(UnixFileMode.UserExecute),
        $"{file} is not executable: git update-index --chmod=+x {file}");
}
