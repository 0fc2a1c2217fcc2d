using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>Ports, file names and columns that cannot be used are refused in one line that names them.</summary>
public sealed class RefusedInputTests
{
    [Theory]
    [InlineData("--flight", "--http")]
    [InlineData("--http", "--flight")]
    public void Serve_names_the_setting_of_a_port_that_is_taken(string taken, string other)
    {
        using var folder = new TemporaryFolder();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        CommandResult result = Command.Run(["serve", taken, $"{listener.LocalEndpoint}", other, "127.0.0.1:0"], null, folder.Store).Exits(5);
        Assert.Equal($"arrowcid: {taken[2..]} {listener.LocalEndpoint}: the port is taken; name another, or port 0 for a free one\n", result.Errors);
    }

    [Fact]
    public void File_name_that_is_not_UTF8_is_refused_and_nothing_is_made()
    {
        using var folder = new TemporaryFolder();
        string csv = folder.Write("a.csv", Encoding.UTF8.GetBytes("a\n1\n"));
        Command.Run(["put", csv, "--name", "t"], null, folder.Store).Exits(0);
        string bad = $"\"$(printf '{folder.Name}/x-\\377')\"";
        foreach (string line in new[]
        {
            $"cp {csv} {bad}; \"$@\" hash {bad}", $"\"$@\" export csv @t -o {bad}.out", $"\"$@\" ls --store {bad}.store", $"\"$@\" put {csv} --store {bad}.store",
        })
        {
            CommandResult result = Command.Shell(line, folder.Store);
            // .NET cannot delete such a file either.
            Command.Program("sh", "-c", $"rm -f {bad}").Exits(0);
            Assert.Equal(["a.csv", "store"], Directory.GetFileSystemEntries(folder.Name).Select(Path.GetFileName).Order());
            result.Exits(2);
            Assert.Contains("the file name is not UTF-8", result.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Cat_says_which_columns_there_are()
    {
        using var folder = new TemporaryFolder();
        string csv = folder.Write("a.csv", Encoding.UTF8.GetBytes("px,sym\n1,a\n"));
        Command.Run(["put", csv, "--name", "t"], null, folder.Store).Exits(0);
        foreach (string format in new[] { "table", "csv" })
        {
            CommandResult result = Command.Run(["cat", "@t", "--column", "zz", "--format", format], null, folder.Store).Exits(2);
            Assert.Equal("arrowcid: no column 'zz'; there are: px, sym\n", result.Errors);
        }
    }

    [Fact]
    public void Name_with_a_bidirectional_override_is_escaped_on_output()
    {
        using var folder = new TemporaryFolder();
        string csv = folder.Write("a.csv", Encoding.UTF8.GetBytes("a\n1\n"));
        Command.Run(["put", csv, "--name", "a\u202Eb"], null, folder.Store).Exits(0);
        Assert.StartsWith("a\\u202eb  ", Command.Run(["name"], null, folder.Store).Exits(0).Text, StringComparison.Ordinal);
        CommandResult control = Command.Run(["put", csv, "--name", "a\u009Bb"], null, folder.Store).Exits(2);
        Assert.Contains("control character", control.Errors, StringComparison.Ordinal);
    }
}
