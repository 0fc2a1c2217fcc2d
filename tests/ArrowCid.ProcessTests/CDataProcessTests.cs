using System.Diagnostics;

namespace ArrowCid.ProcessTests;

/// <summary>What other libraries hold when a process ends.</summary>
public sealed class CDataProcessTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public async Task Releases_that_run_while_the_process_ends_return(int code)
    {
        string directory = Directory.CreateTempSubdirectory("arrowcid-test-").FullName;
        using Process process = Worker.Start(null, "leave-exported", directory, $"{code}");
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == code, $"exit code {process.ExitCode}, not {code}: {errors}");
        Directory.Delete(directory, recursive: true);
    }
}
