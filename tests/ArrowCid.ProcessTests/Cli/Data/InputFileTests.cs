using System.Text;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>What the command says of files that it cannot read.</summary>
public class InputFileTests
{
    private static readonly (string Name, byte[] Bytes, string Says)[] s_files =
    [
        ("a.gz", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], "gzip-compressed data"),
        ("a.zip", [(byte)'P', (byte)'K', 3, 4, 20, 0, 0, 0, 8, 0], "a zip archive"),
        ("a.json", "{\"a\": [1, 2, 3]}\n"u8.ToArray(), "this is JSON"),
        ("a.feather", "FEA1\0\0\0\0\x1\0\0\0"u8.ToArray(), "a Feather V1 file"),
        ("a.npy", [0x93, .. "NUMPY"u8, 1, 0, 0x76, 0, .. "{'descr': '<f8'}"u8], "a NumPy array"),
        ("a.pkl", [0x80, 4, 0x95, 15, 0, 0, 0, 0, 0, 0, 0], "a Python pickle"),
        ("a.png", [0x89, .. "PNG\r\n"u8, 0x1a, 0x0a, 0, 0], "a PNG image"),
        ("a.pdf", "%PDF-1.7\n%abcd"u8.ToArray(), "a PDF document"),
        ("a.txt", "just a few words\n"u8.ToArray(), "plain text"),
        ("empty.arrow", [], "the file is empty"),
    ];

    public static TheoryData<string> Verbs => ["hash", "put", "import", "diff", "explain"];

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Verb_names_the_format_when_a_file_is_not_arrow(string verb)
    {
        using var folder = new TemporaryFolder();
        foreach ((string name, byte[] bytes, string says) in s_files)
        {
            string file = folder.Write(name, bytes);
            string[] arguments = verb is "diff" or "explain" ? [verb, file, "vectors/v1.arrows"] : [verb, file];
            CommandResult result = Command.Run(arguments, null, folder.Store).Exits(4);
            Assert.StartsWith($"arrowcid: {file}: ", result.Errors, StringComparison.Ordinal);
            Assert.Contains(says, result.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Check_names_the_format_as_the_rule_when_a_file_is_not_arrow()
    {
        using var folder = new TemporaryFolder();
        foreach ((string name, byte[] bytes, string says) in s_files)
            Assert.Contains(says, Command.Run("check", folder.Write(name, bytes)).Exits(4).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("explain")]
    [InlineData("check")]
    public void Verb_that_reads_arrow_alone_says_so_when_it_is_given_parquet(string verb)
    {
        using var folder = new TemporaryFolder();
        string cid = Command.Run("put", "--store", folder.Store, "vectors/v1.arrows").Succeeds().Text.Split(' ')[0];
        string file = folder.PathOf("a.parquet");
        Command.Run(["export", "parquet", cid, "-o", file], null, folder.Store).Exits(0);
        CommandResult result = Command.Run(verb == "check" ? [verb, file] : [verb, file, file]).Exits(4);
        Assert.Contains("this is a Parquet file", result.Errors + result.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("diff", "vectors/v1.arrows", "nofile.arrow")]
    [InlineData("diff", "nofile.arrow", "vectors/v1.arrows")]
    [InlineData("explain", "vectors/v1.arrows", "nofile.arrow")]
    [InlineData("hash", "nofile.arrow")]
    [InlineData("put", "nofile.arrow")]
    [InlineData("check", "nofile.arrow")]
    [InlineData("import", "nofile.arrow")]
    [InlineData("hash", "--schema", "nofile.arrow", "x.csv")]
    public void Verb_names_the_file_when_it_is_missing(params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("nofile.arrow: no such file", Command.Run(arguments, null, folder.Store).Exits(3).Errors,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a;b\n1;2\n", "';'", "--delimiter ';'")]
    [InlineData("a\tb\n1\t2\n", "tabs", "--delimiter tab")]
    [InlineData("a|b\n1|2\n", "'|'", "--delimiter '|'")]
    public void Csv_is_hinted_at_when_its_header_has_another_delimiter(string text, string has, string option)
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("a.csv", Encoding.UTF8.GetBytes(text));
        string errors = Command.Run("hash", file).Exits(0).Errors;
        Assert.Contains($"the first line has {has} and no comma", errors, StringComparison.Ordinal);
        Assert.Contains(option, errors, StringComparison.Ordinal);
        string delimiter = has.Trim('\'') is "tabs" ? "tab" : has.Trim('\'');
        Command.Run("hash", file, "--delimiter", delimiter).Succeeds();
        Command.Run("hash", folder.Write("b.csv", "\"a;b\",c\n1,2\n"u8.ToArray())).Succeeds();
    }

    [Fact]
    public void Cat_filters_rows_and_chooses_columns()
    {
        using var folder = new TemporaryFolder();
        string one = folder.Write("1.csv", "sym,px\nES,100\nNQ,99\n"u8.ToArray()), two = folder.Write("2.csv", "sym,px\nES,101\nES,102\n"u8.ToArray());
        Command.Run(["put", "--dataset", "trips", one, two], null, folder.Store).Succeeds();
        CommandResult Cat(params string[] more) => Command.Run(["cat", "@trips", .. more], null, folder.Store);
        Assert.Equal("px,sym\r\n100,ES\r\n101,ES\r\n",
            Cat("--where", "sym = ES", "--column", "px", "--column", "sym", "-n", "2", "--format", "csv").Succeeds().Text);
        Assert.Equal("   px\nint64\n-----\n  101\n  102\n", Cat("--where", "px > 100", "--column", "px").Succeeds().Text);
        Assert.EndsWith("… more rows pass\n", Cat("--where", "px > 1", "--limit", "1").Succeeds().Text, StringComparison.Ordinal);
        Assert.Equal("sym,px\r\n", Cat("--where", "px > 1000", "--format", "csv").Succeeds().Text);
        Assert.Contains("no column 'zz'; there are: sym, px", Cat("--column", "zz").Exits(2).Errors, StringComparison.Ordinal);
        Assert.Contains("no column 'zz'", Cat("--where", "zz = 1").Exits(2).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Query_without_a_filter_finds_every_block()
    {
        using var folder = new TemporaryFolder();
        Command.Run(["put", "vectors/v1.arrows"], null, folder.Store).Succeeds();
        Assert.Equal("2\n", Command.Run(["query", "--count"], null, folder.Store).Succeeds().Text);
        Assert.Single(Command.Run(["query", "--limit", "1"], null, folder.Store).Exits(0).Lines);
    }
}
