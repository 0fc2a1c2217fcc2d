using System.Diagnostics;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>What needs OpenSSL, and what does not: libraries that cannot be loaded stand in front of the
/// machine's.</summary>
public sealed class OpenSslTests
{
    [Theory]
    [InlineData("libssl.so.3", "libssl.so.1.1")]
    [InlineData("libssl.so.3", "libssl.so.1.1", "libcrypto.so.3", "libcrypto.so.1.1")]
    public void Store_is_opened_written_and_read_without_OpenSSL_and_signing_says_what_is_missing(params string[] missing)
    {
        using var folder = new TemporaryFolder();
        string libraries = Directory.CreateDirectory(folder.PathOf("lib")).FullName;
        foreach (string name in missing) File.WriteAllText(Path.Combine(libraries, name), "");
        string put = Run("put", Command.Sample, "--name", "flights").Exits(0).Text;
        string expected = Command.Run(["put", Command.Sample], null, folder.PathOf("other")).Exits(0).Text;
        Assert.Equal(expected.Split(' ')[0], put.Split(' ')[0]);
        Assert.NotEmpty(Run("get", "@flights").Exits(0).Bytes);
        Run("verify", "@flights").Exits(0);
        Run("ls").Exits(0);
        foreach (string[] call in (string[][])[["key", "new", folder.PathOf("me.key")], ["key", "new", "--hmac", folder.PathOf("m.key")]])
            Assert.Contains("OpenSSL", Run(call).Exits(4).Errors, StringComparison.Ordinal);

        CommandResult Run(params string[] arguments)
        {
            var start = new ProcessStartInfo("dotnet", [Command.Dll, .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = Command.Data,
            };
            start.Environment["ARROWCID_STORE"] = folder.Store;
            start.Environment["LD_LIBRARY_PATH"] = libraries;
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            using var output = new MemoryStream();
            process.StandardOutput.BaseStream.CopyTo(output);
            process.WaitForExit();
            return new CommandResult(string.Join(' ', arguments), process.ExitCode, output.ToArray(), errors.Result);
        }
    }
}
