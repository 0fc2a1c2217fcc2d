using System.Text;
using System.Text.Json;
using ArrowCid.ProcessTests.Flight;

namespace ArrowCid.ProcessTests.Cli;

/// <summary><c>same</c>, <c>compare</c>, and <c>put</c> with a condition.</summary>
public class SameVerbsTests
{
    private const string Csv = "sym,px\nES,1.5\nNQ,2.5\nES,3.5\n";

    [Fact]
    public void Same_tells_identical_data_from_another_encoding_and_from_a_difference()
    {
        using var folder = new TemporaryFolder();
        string a = Write(folder, "a.csv", Csv), b = Write(folder, "b.csv", Csv.Replace("3.5", "4.5"));
        Assert.Equal("identical\n", Run(folder, "same", a, a).Succeeds().Text);
        string arrows = folder.PathOf("a.arrows");
        string cid = Run(folder, "put", a, "--name", "prices").Succeeds().Lines[0].Split(' ')[0];
        Run(folder, "get", cid, "-o", arrows).Succeeds();
        Assert.Equal(Run(folder, "hash", "--fingerprint", arrows).Succeeds().Text.Split(' ')[0],
            Run(folder, "hash", "--fingerprint", a).Succeeds().Text.Split(' ')[0]);
        Assert.Equal("identical\n", Run(folder, "same", "@prices", arrows).Succeeds().Text);
        Run(folder, "put", a, "--types", "sym=dictionary<int32, utf8>", "--name", "coded").Succeeds();
        string other = Run(folder, "same", "@prices", "@coded").Succeeds().Text;
        Assert.StartsWith("same data, other encoding (sym: ", other, StringComparison.Ordinal);
        Run(folder, "put", a, "--rows-per-block", "1", "--name", "cut").Succeeds();
        Assert.Equal("same data, other encoding (batches: 1 / 3)\n", Run(folder, "same", "@prices", "@cut").Succeeds().Text);
        Assert.Equal("different, first at row 2, column px: 3.5 / 4.5\n", Run(folder, "same", cid, b).Exits(8).Text);
        JsonElement json = Assert.Single(Run(folder, "same", cid, b, "--json").Exits(8).Json);
        Assert.Equal((2, "px", "different"), (json.GetProperty("row").GetInt32(), json.GetProperty("column").GetString(), json.GetProperty("result").GetString()));
        Assert.Equal("same values, other encoding: 3 rows", Run(folder, "diff", "@prices", "@coded").Succeeds().Lines[^1]);
    }

    [Fact]
    public void Compare_exchanges_column_cids_also_with_a_server()
    {
        using ServedStore served = ServedStore.Start();
        using var folder = new TemporaryFolder();
        string a = Write(folder, "a.csv", Csv), b = Write(folder, "b.csv", Csv.Replace("3.5", "4.5"));
        Command.Run(["put", a, "--types", "sym=dictionary<int32, utf8>", "--name", "day/prices"], null, served.Directory).Succeeds();
        string[] server = ["--at", served.Http, "--token-file", Path.Combine(served.Directory, "serve.token")];
        CommandResult same = Run(folder, ["compare", a, "@day/prices", "--columns", .. server]).Succeeds();
        Assert.Equal(["sym  same", "px  same"], same.Lines[..^1].Select(line => line[..line.IndexOf("  bafkrei", StringComparison.Ordinal)]));
        CommandResult other = Run(folder, ["compare", b, "@day/prices", "--json", .. server]).Exits(8);
        Assert.Equal("px", other.Json[0].GetProperty("column").GetString());
        Assert.False(other.Json[^1].GetProperty("isSame").GetBoolean());
        Assert.Equal(["px  differs", "different: 3 rows in A, 3 in B"], Run(folder, "compare", a, b).Exits(8).Lines);
        Run(folder, ["compare", a, "@none", .. server]).Exits(3);
    }

    [Fact]
    public void Put_if_changed_stores_nothing_where_the_values_are_the_same_and_runs_a_command_where_not()
    {
        using var folder = new TemporaryFolder();
        string a = Write(folder, "a.csv", Csv), seen = folder.PathOf("seen"), rows = folder.PathOf("rows.arrows");
        string alert = Write(folder, "alert", $"#!/bin/sh\necho \"$1 $2\" >> '{seen}'\ncat > '{rows}'\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(alert, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string[] rule = ["--name", "prices", "--if-changed", "--on-change", alert];
        string first = Run(folder, ["put", a, .. rule]).Succeeds().Lines[0].Split(' ')[0];
        Assert.Equal($"{first}  unchanged  prices\n", Run(folder, ["put", a, "--types", "sym=dictionary<int32, utf8>", .. rule]).Succeeds().Text);
        Assert.Single(Run(folder, "ls").Succeeds().Lines);
        string b = Write(folder, "b.csv", Csv.Replace("3.5", "4.5"));
        string second = Run(folder, ["put", b, .. rule]).Succeeds().Lines[0].Split(' ')[0];
        Assert.Equal([$"none {first}", $"{first} {second}"], File.ReadAllLines(seen));
        JsonElement row = Assert.Single(Run(folder, "cat", Run(folder, "put", rows).Succeeds().Lines[0].Split(' ')[0], "--format", "json").Succeeds().Json);
        Assert.Equal((3.5, 4.5), (row.GetProperty("a").GetProperty("px").GetDouble(), row.GetProperty("b").GetProperty("px").GetDouble()));
        Run(folder, ["put", a, "--name", "prices", "--on-change", "exit 7; :"]).Exits(7);
        Run(folder, "put", a, "--if-changed").Exits(2);
    }

    [Fact]
    public void Put_that_departs_from_a_contract_names_the_column_and_stores_nothing()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", Write(folder, "a.csv", Csv), "--name", "contracts/prices").Succeeds();
        foreach ((string text, string fault) in ((string, string)[])
            [("sym,px\nES,1\n", "column 'px' is int64, expected is float64"), ("sym\nES\n", "column 'px' is missing"),
                ("sym,px,q\nES,1.5,1\n", "column 'q' is not in the contract"), ("px,sym\n1.5,ES\n", "column 'px' is in the place of 'sym'")])
        {
            string file = Write(folder, "b.csv", text);
            CommandResult put = Run(folder, "put", file, "--expect-schema", "@contracts/prices").Exits(8);
            Assert.Equal($"arrowcid: {file}: {fault}; nothing was stored\n", put.Errors);
        }

        Assert.Single(Run(folder, "ls").Succeeds().Lines);
        Run(folder, "put", Write(folder, "c.csv", "sym,px\nGC,7.5\n"), "--expect-schema", "@contracts/prices", "--name", "prices/a").Succeeds();
        Run(folder, "put", Write(folder, "d.csv", "sym,px,q\nGC,7.5,1\n"), "--name", "prices/a").Succeeds();
        string[] lines = Run(folder, "schema", "history", "prices/*").Succeeds().Lines;
        Assert.Equal(["  + sym: utf8", "  + px: float64", "  + q: int64"], lines.Where(line => line[0] == ' '));
    }

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) => Command.Run(arguments, null, folder.Store);

    private static string Write(TemporaryFolder folder, string name, string text) => folder.Write(name, Encoding.UTF8.GetBytes(text));
}
