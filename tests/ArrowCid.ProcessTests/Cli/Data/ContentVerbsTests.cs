using System.Buffers.Binary;
using System.Text;

namespace ArrowCid.ProcessTests.Cli;

/// <summary><c>put --as</c>, <c>get --as</c> and <c>hash --as</c>.</summary>
public sealed class ContentVerbsTests
{
    [Fact]
    public void Bytes_are_one_block_with_their_media_type()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("report.pdf", "%PDF-1.7 any bytes"u8.ToArray());
        string cid = Run(folder, "put", "--as", "bytes", "--media", "application/pdf", "--name", "report", file).Exits(0).Text.Split(' ')[0];
        Assert.Equal(cid, Run(folder, "hash", "--as", "bytes", file).Exits(0).Text.Split(' ')[0]);
        Assert.Equal("media=application/pdf\n", Run(folder, "tag", cid).Exits(0).Text);
        Assert.Equal(File.ReadAllBytes(file), Run(folder, "get", "@report", "--as", "bytes").Exits(0).Bytes);
        Assert.Equal(2, Run(folder, "put", "--media", "x/y", file).ExitCode);
    }

    [Theory]
    [InlineData("<f8", "(2, 3)", 48)]
    [InlineData("|u1", "(5,)", 5)]
    [InlineData("<i2", "()", 2)]
    [InlineData("<f4", "(1, 1, 2)", 8)]
    public void Array_of_NumPy_is_a_tensor_and_comes_back_as_it_was(string descr, string shape, int bytes)
    {
        using var folder = new TemporaryFolder();
        byte[] array = Npy(descr, shape, bytes);
        string file = folder.Write("a.npy", array);
        string cid = Run(folder, "put", "--as", "tensor", file).Exits(0).Text.Split(' ')[0];
        Assert.Equal(cid, Run(folder, "hash", "--as", "tensor", file).Exits(0).Text.Split(' ')[0]);
        Assert.Contains("tensor", Run(folder, "cat", cid).Exits(0).Text, StringComparison.Ordinal);
        Assert.Equal(array, Run(folder, "get", cid, "--as", "npy").Exits(0).Bytes);
    }

    [Theory]
    [InlineData(">f8", "(1,)", 8)]
    [InlineData("<c16", "(1,)", 16)]
    [InlineData("<f8", "(2,)", 8)]
    [InlineData("<f8", "(0,)", 0)]
    [InlineData("<f8", "(9999999999,)", 8)]
    [InlineData("|O", "(1,)", 8)]
    public void Array_that_is_no_tensor_is_refused(string descr, string shape, int bytes)
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("a.npy", Npy(descr, shape, bytes));
        CommandResult result = Run(folder, "hash", "--as", "tensor", file);
        Assert.True(result.ExitCode is 3 or 4 or 5 or 2, $"{result.ExitCode} {result.Errors}");
        Assert.Contains("the array", result.Errors, StringComparison.Ordinal);
        Assert.NotEqual(0, Run(folder, "hash", "--as", "tensor", folder.Write("b.npy", [0x93, (byte)'N'])).ExitCode);
    }

    [Fact]
    public void Directory_of_files_has_one_CID_and_comes_back_whole()
    {
        using var folder = new TemporaryFolder();
        string site = Directory.CreateDirectory(folder.PathOf("site")).FullName;
        Directory.CreateDirectory(Path.Combine(site, "css"));
        File.WriteAllText(Path.Combine(site, "index.html"), "<p>é</p>");
        File.WriteAllText(Path.Combine(site, "css", "a.css"), "p {}");
        File.WriteAllText(Path.Combine(site, "empty"), "");
        File.CreateSymbolicLink(Path.Combine(site, "css", "above"), site);
        string cid = Run(folder, "put", "--as", "files", site, "--name", "site").Exits(0).Text.Split(' ')[0];
        Assert.StartsWith("bafyrei", cid, StringComparison.Ordinal);
        Assert.Equal(cid, Run(folder, "hash", "--as", "files", site).Exits(0).Text.Split(' ')[0]);
        string copy = folder.PathOf("copy");
        Run(folder, "get", "@site", "--as", "files", "-o", copy).Exits(0);
        Assert.Equal("p {}", File.ReadAllText(Path.Combine(copy, "css", "a.css")));
        Assert.Equal(cid, Run(folder, "hash", "--as", "files", copy).Exits(0).Text.Split(' ')[0]);
        Run(folder, "gc", "--unreferenced", "--older-than", "0s").Exits(0);
        Run(folder, "get", "@site", "--as", "files", "-o", folder.PathOf("again")).Exits(0);
        Assert.Equal(2, Run(folder, "get", "@site", "--as", "files").ExitCode);
        File.WriteAllText(Path.Combine(site, "empty"), "x");
        Assert.NotEqual(cid, Run(folder, "hash", "--as", "files", site).Exits(0).Text.Split(' ')[0]);
    }

    /// <summary>The package for Python tests the same CIDs.</summary>
    [Fact]
    public void Directories_and_tensors_have_the_CIDs_that_Python_gives()
    {
        using var folder = new TemporaryFolder();
        string tree = Directory.CreateDirectory(folder.PathOf("tree")).FullName;
        Directory.CreateDirectory(Path.Combine(tree, "sub"));
        File.WriteAllText(Path.Combine(tree, "a.txt"), "hi\n");
        File.WriteAllText(Path.Combine(tree, "sub", "b.bin"), "x\n");
        File.WriteAllText(Path.Combine(tree, "z"), "");
        Assert.StartsWith("bafyreihzy3xgt7cfjfhb5yi6sdmyuy5urt2ygp44od2u2pc5bjgjjtasu4 ",
            Run(folder, "hash", "--as", "files", tree).Exits(0).Text, StringComparison.Ordinal);
        byte[] array = Npy("<f4", "(2, 3)", 24);
        for (int i = 0; i < 6; i++) BinaryPrimitives.WriteSingleLittleEndian(array.AsSpan(array.Length - 24 + (4 * i)), i);
        Assert.StartsWith("bafkreietbcmzhxtnit3yr4f7sj7zwixvsuqrw5cyhdggtpupgah3yd63dq ",
            Run(folder, "hash", "--as", "tensor", folder.Write("a.npy", array)).Exits(0).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Table_is_written_as_CSV_JSON_lines_and_Parquet()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("t.csv", "n,s\n1,a\n2,b\n"u8.ToArray());
        string cid = Run(folder, "put", file).Exits(0).Text.Split(' ')[0];
        Assert.Equal("n,s\n1,a\n2,b\n", Run(folder, "get", cid, "--as", "csv").Exits(0).Text.Replace("\r\n", "\n", StringComparison.Ordinal));
        Assert.Equal(2, Run(folder, "get", cid, "--as", "json").Exits(0).Json.Length);
        string parquet = folder.PathOf("t.parquet");
        Run(folder, "get", cid, "--as", "parquet", "-o", parquet).Exits(0);
        Assert.Equal(cid, Run(folder, "hash", parquet).Exits(0).Text.Split(' ')[0]);
        Assert.NotEqual(0, Run(folder, "get", cid, "--as", "npy").ExitCode);
    }

    private static byte[] Npy(string descr, string shape, int bytes)
    {
        string header = $"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}";
        header += new string(' ', 64 - ((10 + header.Length + 1) % 64)) + "\n";
        byte[] array = new byte[10 + header.Length + bytes];
        ((ReadOnlySpan<byte>)[0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0]).CopyTo(array);
        BinaryPrimitives.WriteUInt16LittleEndian(array.AsSpan(8), (ushort)header.Length);
        Encoding.Latin1.GetBytes(header).CopyTo(array, 10);
        for (int i = 0; i < bytes; i++) array[10 + header.Length + i] = (byte)(i % 7);
        return array;
    }

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) => Command.Run(arguments, null, folder.Store);
}
