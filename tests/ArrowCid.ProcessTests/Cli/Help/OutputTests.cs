using System.Net.Sockets;
using System.Runtime.Versioning;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>What every verb that writes a file does to what is at its path.</summary>
[SupportedOSPlatform("linux")]
public class OutputTests
{
    private const string V1 = "vectors/v1.arrows";
    private const string V1Cid = "bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy";

    private const UnixFileMode OwnerAndGroup =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    public static TheoryData<string> Writers =>
        ["get", "arrow", "parquet", "car", "car2", "csv", "json", "ls", "query", "diff", "backup"];

    [Theory]
    [MemberData(nameof(Writers))]
    public void An_output_replaces_files_follows_links_and_feeds_FIFOs(string writer)
    {
        using var folder = new TemporaryFolder();
        Prepare(folder);
        string file = folder.PathOf("out.car"), inner = Directory.CreateDirectory(folder.PathOf("inner")).FullName;
        Run(folder, writer, file).Exits(0);
        byte[] wanted = File.ReadAllBytes(file);
        Assert.NotEmpty(wanted);

        // A file that exists keeps its mode, and where root writes its owner.
        if (writer != "backup") File.WriteAllText(file, "old");
        File.SetUnixFileMode(file, OwnerAndGroup);
        if (Environment.IsPrivilegedProcess) Command.Program("chown", "12345:23456", file).Succeeds();
        Run(folder, writer, file).Exits(0);
        IsWhole(folder, writer, file, wanted);
        Assert.Equal(OwnerAndGroup, File.GetUnixFileMode(file));
        if (Environment.IsPrivilegedProcess)
            Assert.Equal("12345:23456\n", Command.Program("stat", "-c", "%u:%g", file).Succeeds().Text);

        // Links lead on to the file, whether it is there or not.
        string real = Path.Combine(inner, "real.car"), made = Path.Combine(inner, "made.car");
        File.Copy(file, real);
        string link = Link(folder, "link.car", "hop.car"), dangling = Link(folder, "dangling.car", "inner/made.car");
        _ = Link(folder, "hop.car", "inner/real.car");
        Run(folder, writer, link).Exits(0);
        Run(folder, writer, dangling).Exits(0);
        IsWhole(folder, writer, real, wanted);
        IsWhole(folder, writer, made, wanted);
        Assert.Equal(("hop.car", "inner/made.car"), (new FileInfo(link).LinkTarget, new FileInfo(dangling).LinkTarget));

        // A FIFO's reader gets the bytes.
        string fifo = folder.PathOf("fifo"), read = folder.PathOf("read.car");
        Command.Program("mkfifo", fifo).Succeeds();
        Assert.Equal("code 0\nkept 0\n", Command.Shell(
            $"timeout 100 cat {fifo} >{read} & {Line(folder, writer, fifo)}; echo code $?; wait; test -p {fifo}; echo kept $?",
            folder.Store).Text);
        IsWhole(folder, writer, read, wanted);

        // So does an open file of the process, which has no path of its own.
        string piped = folder.PathOf("piped.car");
        Assert.Equal("code 0\n", Command.Shell(
            $"{{ {Line(folder, writer, "/proc/self/fd/4")}; echo code $? >&2; }} 4>&1 | cat >{piped}", folder.Store).Errors);
        IsWhole(folder, writer, piped, wanted);
        Assert.Empty(Directory.GetFiles(folder.Name, "*.tmp-*", SearchOption.AllDirectories));
    }

    [Theory]
    [MemberData(nameof(Writers))]
    public void An_output_refuses_sockets_directories_and_missing_directories(string writer)
    {
        using var folder = new TemporaryFolder();
        Prepare(folder);
        string socket = folder.PathOf("socket.car");
        using var bound = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        bound.Bind(new UnixDomainSocketEndPoint(socket));
        Assert.Contains("a socket; name a file", Run(folder, writer, socket).Exits(2).Errors, StringComparison.Ordinal);
        CommandResult missing = Run(folder, writer, folder.PathOf("no/such/out.car")).Exits(3);
        Assert.Contains("there is no directory", missing.Errors, StringComparison.Ordinal);
        Assert.Contains("make it first", missing.Errors, StringComparison.Ordinal);
        // A directory gets the blocks of get as files.
        if (writer is "ls" or "query" or "diff")
            Assert.Contains("a directory; name a file in it", Run(folder, writer, folder.Name).Exits(2).Errors, StringComparison.Ordinal);
        string loop = Link(folder, "loop.car", "loop.car");
        Run(folder, writer, loop).Exits(3);
        Assert.Equal("loop.car", new FileInfo(loop).LinkTarget);
    }

    [DeviceTheory]
    [MemberData(nameof(Writers))]
    public void An_output_writes_to_a_device_and_leaves_it_one(string writer)
    {
        using var folder = new TemporaryFolder();
        Prepare(folder);
        string device = folder.PathOf("null");
        Command.Program("mknod", device, "c", "1", "3").Succeeds();
        string link = Link(folder, "link", "null");
        foreach (string path in new[] { device, link })
        {
            Assert.Equal("code 0\nkept 0\n", Command.Shell(
                $"{Line(folder, writer, path)}; echo code $?; test -c {device}; echo kept $?", folder.Store).Text);
        }

        // A device that is full ends the command with its reason.
        string full = folder.PathOf("full");
        Command.Program("mknod", full, "c", "1", "7").Succeeds();
        Assert.Contains("No space left on device", Run(folder, writer, full).Exits(6).Errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Name, "*.tmp-*"));
    }

    [Fact]
    public void A_reader_that_leaves_a_FIFO_ends_the_command_as_a_pipe_does()
    {
        using var folder = new TemporaryFolder();
        Command.Run(["put", Command.Sample, "--dataset", "flights"], null, folder.Store).Succeeds();
        string fifo = folder.PathOf("fifo");
        Command.Program("mkfifo", fifo).Succeeds();
        CommandResult left = Command.Shell($"timeout 100 head -c 10 {fifo} >{folder.PathOf("head")} & \"$@\" export csv flights -o {fifo}; echo code $?; wait",
            folder.Store);
        Assert.Equal("code 141\n", left.Text);
    }

    [Fact]
    public void A_backup_replaces_only_a_backup()
    {
        using var folder = new TemporaryFolder();
        Prepare(folder);
        string notes = folder.Write("notes.txt", "precious"u8.ToArray()), named = folder.Write("notes.car", "precious"u8.ToArray());
        string car = folder.PathOf("batch.car");
        Run(folder, "car", car).Exits(0);
        byte[] exported = File.ReadAllBytes(car);
        foreach (string file in new[] { notes, named, car })
            Assert.Contains("exists and is no backup", Run(folder, "backup", file).Exits(2).Errors, StringComparison.Ordinal);
        Assert.Equal(("precious", "precious"), (File.ReadAllText(notes), File.ReadAllText(named)));
        Assert.Equal(exported, File.ReadAllBytes(car));
        foreach (string path in new[] { folder.PathOf("new"), folder.PathOf("new.bak"), "-" })
            Assert.Contains("does not exist", Run(folder, "backup", path).Exits(2).Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.PathOf("new")));
        Run(folder, "backup", folder.PathOf("new/")).Exits(0);
        Run(folder, "backup", folder.PathOf("new")).Exits(0);
        Assert.Equal(2, Directory.GetFiles(folder.PathOf("new")).Length);
    }

    [Theory]
    [InlineData("arrow", ".arrows")]
    [InlineData("parquet", ".parquet")]
    [InlineData("csv", ".csv")]
    [InlineData("json", ".jsonl")]
    [InlineData("car", ".car")]
    public void An_export_to_a_directory_makes_it_and_writes_one_file_per_CID(string format, string extension)
    {
        using var folder = new TemporaryFolder();
        string[] cids = [.. Command.Run(["put", Command.Sample, "--rows-per-block", "100000"], null, folder.Store)
            .Succeeds().Lines.Select(line => line.Split(' ')[0])];
        Assert.Equal(2, cids.Length);
        string directory = folder.PathOf("made/here/");
        Command.Run(["export", format, .. cids, cids[0], "-o", directory], null, folder.Store).Exits(0);
        string[] wanted = format == "car" ? [cids[0] + extension] : [.. cids.Select(cid => cid + extension)];
        Assert.Equal(wanted.Order(StringComparer.Ordinal),
            Directory.GetFiles(directory).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        string file = folder.Write("file", [1]);
        Command.Run(["export", format, cids[0], "-o", file + "/"], null, folder.Store).Exits(3);
        if (format is "arrow" or "parquet")
        {
            foreach (string cid in cids)
                Assert.StartsWith(cid, Command.Run("hash", Path.Combine(directory, cid + extension)).Succeeds().Text, StringComparison.Ordinal);
        }
    }

    private static void Prepare(TemporaryFolder folder)
    {
        Command.Run(["put", V1], null, folder.Store).Succeeds();
        folder.Write("a.csv", "k,v\n1,2\n3,4\n"u8.ToArray());
        folder.Write("b.csv", "k,v\n1,2\n3,5\n"u8.ToArray());
    }

    private static string[] Arguments(TemporaryFolder folder, string writer, string to) => writer switch
    {
        "get" => ["get", V1Cid, "-o", to],
        "car2" => ["export", "car", V1Cid, "--car-version", "2", "-o", to],
        "ls" => ["ls", "--format", "parquet", "-o", to],
        "query" => ["query", "kind = batch", "--format", "arrow", "-o", to],
        "diff" => ["diff", folder.PathOf("a.csv"), folder.PathOf("b.csv"), "-o", to],
        "backup" => ["backup", to],
        _ => ["export", writer, V1Cid, "-o", to],
    };

    private static CommandResult Run(TemporaryFolder folder, string writer, string to) =>
        Command.Run(Arguments(folder, writer, to), null, folder.Store);

    /// <summary>The same as a shell's text; what the command prints goes to a file.</summary>
    private static string Line(TemporaryFolder folder, string writer, string to) =>
        $"\"$@\" {string.Join(' ', Arguments(folder, writer, to).Select(each => $"'{each}'"))} >{folder.PathOf("text")} 2>&1";

    private static void IsWhole(TemporaryFolder folder, string writer, string file, byte[] wanted)
    {
        // A backup has its moment in it.
        if (writer == "backup") Command.Run(["restore", "--dry-run", file, "--store", folder.PathOf("none")], null, null).Exits(0);
        else Assert.Equal(wanted, File.ReadAllBytes(file));
    }

    private static string Link(TemporaryFolder folder, string name, string target)
    {
        _ = File.CreateSymbolicLink(folder.PathOf(name), target);
        return folder.PathOf(name);
    }
}
