using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Interop;

/// <summary>The package for Python keeps what its README says: its own tests, and what it needs of others.</summary>
public sealed class PythonTests
{
    [CLibraryTheory(Programs.PyArrow)]
    [InlineData("test_store")]
    [InlineData("test_watch")]
    [InlineData("test_arrow")]
    [InlineData("test_memory")]
    [InlineData("test_datasets")]
    [InlineData("test_duckdb")]
    [InlineData("test_samples")]
    [InlineData("test_wheel")]
    [InlineData("test_memo")]
    [InlineData("test_notebook")]
    [InlineData("test_signing")]
    [InlineData("test_sync")]
    [InlineData("test_many")]
    [InlineData("test_fs")]
    public void The_packages_own_tests_pass_with_pyarrow_and_numpy(string module) =>
        Check(Peers(CLibrary.PathOf("python/tests"), module));

    [CLibraryTheory("python3")]
    [InlineData("test_store")]
    [InlineData("test_watch")]
    [InlineData("test_many")]
    public void The_machines_python3_needs_nothing_but_the_standard_library(string module) =>
        Check(CLibrary.Run("python3", "-B", CLibrary.PathOf("python/tests"), module));

    [Fact]
    public void Every_module_of_tests_is_run()
    {
        string[] modules = [.. Directory.GetFiles(CLibrary.PathOf("python/tests"), "test_*.py")
            .Select(path => Path.GetFileNameWithoutExtension(path)!).Order(StringComparer.Ordinal)];
        string[] run = [.. typeof(PythonTests).GetMethod(nameof(The_packages_own_tests_pass_with_pyarrow_and_numpy))!
            .GetCustomAttributesData().Where(data => data.AttributeType == typeof(InlineDataAttribute))
            .SelectMany(data => (IEnumerable<System.Reflection.CustomAttributeTypedArgument>)data.ConstructorArguments[0].Value!)
            .Select(argument => (string)argument.Value!).Order(StringComparer.Ordinal)];
        Assert.Equal(modules, run);
    }

    private static CommandResult Peers(params string[] arguments) =>
        CLibrary.Run("/bin/sh", [CLibrary.PathOf("peers/python"), .. arguments]);

    // A failure shows each test's name with what it said.
    private static void Check(CommandResult result)
    {
        _ = result.Exits(0);
        Assert.Matches("^[1-9][0-9]* passed, 0 failed", result.Lines[^1]);
    }
}
