using System.Text;
using System.Text.Json;

namespace ArrowCid.ProcessTests.Cli;

/// <summary><c>run</c> and <c>memo</c>.</summary>
public sealed class MemoVerbsTests
{
    [Fact]
    public void Command_runs_once_and_its_output_errors_and_exit_code_are_repeated()
    {
        using var folder = new TemporaryFolder();
        string count = folder.PathOf("count");
        string[] command = ["run", "--", "sh", "-c", $"echo run >> {count}; printf 'a,b\\n1,2'; echo oops >&2"];
        CommandResult first = Run(folder, command).Exits(0), second = Run(folder, command).Exits(0);
        Assert.Equal("a,b\n1,2", first.Text);
        Assert.Equal(first.Bytes, second.Bytes);
        Assert.Single(File.ReadAllLines(count));
        Assert.StartsWith("oops\nran   ", first.Errors, StringComparison.Ordinal);
        Assert.StartsWith("oops\nhit   ", second.Errors, StringComparison.Ordinal);
        Assert.Contains(", saved ", second.Errors, StringComparison.Ordinal);
        Assert.Equal(1, Run(folder, "run", "--param", "x=1", "--", "sh", "-c", $"echo run >> {count}; exit 1").ExitCode);
        Assert.Equal(2, File.ReadAllLines(count).Length);
    }

    [Fact]
    public void Command_that_runs_itself_is_refused_and_one_that_runs_another_is_not()
    {
        using var folder = new TemporaryFolder();
        string self = folder.Write("self.sh", Encoding.UTF8.GetBytes($"exec dotnet {Command.Dll} run -- sh \"$0\""));
        CommandResult refused = Run(folder, "run", "--", "sh", self);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("'self.sh' runs itself", refused.Errors, StringComparison.Ordinal);
        string other = folder.Write("other.sh", Encoding.UTF8.GetBytes($"exec dotnet {Command.Dll} run --param x=\"$1\" -- sh -c 'echo in'"));
        Assert.Equal("in\n", Run(folder, "run", "--", "sh", other, "1").Exits(0).Text);
        // Two that run each other.
        string one = folder.PathOf("one.sh"), two = folder.Write("two.sh", Encoding.UTF8.GetBytes($"exec dotnet {Command.Dll} run -- sh {one}"));
        File.WriteAllText(one, $"exec dotnet {Command.Dll} run -- sh {two}");
        Assert.Contains("'one.sh' runs itself", Run(folder, "run", "--", "sh", one).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Failure_is_repeated_on_request_alone()
    {
        using var folder = new TemporaryFolder();
        string count = folder.PathOf("count");
        string[] command = ["--", "sh", "-c", $"echo run >> {count}; echo bad >&2; exit 7"];
        for (int i = 0; i < 2; i++) Run(folder, ["run", .. command]).Exits(7);
        Assert.Equal(2, File.ReadAllLines(count).Length);
        for (int i = 0; i < 3; i++)
            Assert.StartsWith("bad\n", Run(folder, ["run", "--keep-failures", .. command]).Exits(7).Errors, StringComparison.Ordinal);
        Assert.Equal(3, File.ReadAllLines(count).Length);
    }

    [Fact]
    public void Key_depends_on_contents_of_files_parameters_version_and_named_variables_alone()
    {
        using var folder = new TemporaryFolder();
        string script = folder.Write("job.sh", "echo ran; cat \"$1\""u8.ToArray()), data = folder.Write("data.txt", "one\n"u8.ToArray());
        string tree = Directory.CreateDirectory(folder.PathOf("tree")).FullName;
        File.WriteAllText(Path.Combine(tree, "a"), "1");
        Assert.True(Ran(script, data));
        Assert.False(Ran(script, data));
        string moved = folder.Write("other name.txt", "one\n"u8.ToArray());
        Assert.False(Ran(script, moved));
        File.WriteAllText(data, "two\n");
        Assert.True(Ran(script, data));
        Assert.True(Ran(script, data, tree));
        Assert.False(Ran(script, data, tree));
        File.WriteAllText(Path.Combine(tree, "b"), "2");
        Assert.True(Ran(script, data, tree));
        File.AppendAllText(script, "\n");
        Assert.True(Ran(script, data));
        foreach (string[] options in new string[][] { ["--param", "day=1"], ["--param", "day:=1"], ["--version", "2"], ["--env", "HOME"], ["--in", $"x={data}"] })
        {
            Assert.True(IsRan(Run(folder, ["run", .. options, "--", "sh", script, data])), string.Join(' ', options));
            Assert.False(IsRan(Run(folder, ["run", .. options, "--", "sh", script, data])), string.Join(' ', options));
        }

        bool Ran(params string[] words) => IsRan(Run(folder, ["run", "--", "sh", .. words]));

        static bool IsRan(CommandResult result)
        {
            string last = result.Exits(0).Errors.Split('\n')[^2];
            Assert.Matches("^(ran|hit) ", last);
            return last.StartsWith("ran", StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Input_is_a_file_of_its_block_and_the_result_a_named_batch()
    {
        using var folder = new TemporaryFolder();
        string vector = Path.Combine(Command.Data, "vectors/v1.arrows");
        string cid = Run(folder, "put", vector, "--name", "trades").Exits(0).Text.Split(' ')[0];
        CommandResult ran = Run(folder, "run", "--in", "@trades", "--name", "copied", "--", "sh", "-c", "cat \"$ARROWCID_IN_TRADES\"").Exits(0);
        Assert.Equal(File.ReadAllBytes(vector), ran.Bytes);
        Assert.Contains(cid, ran.Errors, StringComparison.Ordinal);
        Assert.Equal(cid, Run(folder, "name", "copied").Exits(0).Text.Trim());
        Assert.Single(Run(folder, "memo", "ls", "rows = 3 and kind = batch").Exits(0).Lines);
        Run(folder, "run", "--format", "csv", "--name", "table", "--", "printf", "n\\n1\\n2\\n").Exits(0);
        Assert.Contains("  2  ", Run(folder, "ls", "--all", "name = table").Exits(0).Text, StringComparison.Ordinal);
        Run(folder, "run", "--name", "lines", "--", "printf", "{\"n\":1}\\n{\"n\":2}\\n").Exits(0);
        Assert.Equal(Run(folder, "name", "table").Text, Run(folder, "name", "lines").Text);
        Assert.NotEqual(0, Run(folder, "run", "--format", "parquet", "--", "printf", "x").ExitCode);
    }

    [Fact]
    public void Explanation_names_what_differs_from_the_last_run()
    {
        using var folder = new TemporaryFolder();
        string[] fresh = Run(folder, "run", "--explain", "--param", "day=mon", "--", "echo", "x").Exits(0).Lines;
        Assert.EndsWith("miss", fresh[0], StringComparison.Ordinal);
        Assert.Contains("no result yet", fresh[2], StringComparison.Ordinal);
        Run(folder, "run", "--param", "day=mon", "--", "echo", "x").Exits(0);
        Assert.EndsWith("hit", Run(folder, "run", "--explain", "--param", "day=mon", "--", "echo", "x").Exits(0).Lines[0], StringComparison.Ordinal);
        string[] lines = Run(folder, "run", "--explain", "--param", "day=tue", "--", "echo", "y").Exits(0).Lines;
        Assert.Contains("  params.day: \"tue\", and was \"mon\"", lines);
        Assert.Contains("  params.argv: [\"echo\",\"y\"], and was [\"echo\",\"x\"]", lines);
        JsonElement call = JsonSerializer.Deserialize<JsonElement>(lines[1]);
        Assert.Equal("arrowcid/call", call.GetProperty("kind").GetString());
    }

    [Fact]
    public void Results_are_listed_counted_and_removed_by_filter_function_and_arguments()
    {
        using var folder = new TemporaryFolder();
        foreach (string day in new[] { "mon", "tue" })
            Run(folder, "run", "--param", $"day={day}", "--version", "3", "--", "echo", day).Exits(0);
        Run(folder, "run", "--", "printf", "x").Exits(0);
        Assert.Equal(3, Run(folder, "memo", "ls").Exits(0).Lines.Length);
        Assert.Equal(2, Run(folder, "memo", "ls", "tag.fn = echo and age < 1d and tag.version = 3").Exits(0).Lines.Length);
        JsonElement tuesday = Assert.Single(Run(folder, "memo", "ls", "tag.param.day = tue", "--json").Exits(0).Json);
        Assert.Equal("tue", tuesday.GetProperty("key").GetProperty("params").GetProperty("day").GetString());
        Assert.Equal(["echo", "printf"], Run(folder, "memo", "stats", "--json").Exits(0).Json.Select(each => each.GetProperty("fn").GetString()));
        Assert.Contains("2  ", Run(folder, "memo", "stats").Exits(0).Lines[0], StringComparison.Ordinal);
        Assert.Equal(2, Run(folder, "memo", "rm").ExitCode);
        Assert.Single(Run(folder, "memo", "rm", "--fn", "echo", "--param", "day=mon", "--dry-run").Exits(0).Lines);
        Assert.Single(Run(folder, "memo", "rm", "--fn", "echo", "--param", "day=mon").Exits(0).Lines);
        Assert.Empty(Run(folder, "memo", "ls", "--param", "day=mon").Exits(0).Lines);
        Assert.StartsWith("ran", Run(folder, "run", "--param", "day=mon", "--version", "3", "--", "echo", "mon").Exits(0).Errors, StringComparison.Ordinal);
        Assert.Equal(3, Run(folder, "memo", "rm", "--all").Exits(0).Lines.Length);
        Assert.Empty(Run(folder, "memo", "ls").Exits(0).Lines);
    }

    [Fact]
    public void Vectors_give_their_keys_on_the_command_line()
    {
        using JsonDocument vectors =
            JsonDocument.Parse(File.ReadAllText(Path.Combine(Command.Root, "interop/vectors/calls.json")));
        int count = 0;
        Parallel.ForEach(vectors.RootElement.GetProperty("calls").EnumerateArray(), new ParallelOptions { MaxDegreeOfParallelism = 2 }, vector =>
        {
            List<string> arguments = ["memo", "key", "--fn", TextOf(vector, "fn")];
            if (TextOf(vector, "version") is { Length: > 0 } version) arguments.AddRange(["--version", version]);
            foreach (JsonProperty each in vector.GetProperty("params").EnumerateObject())
                arguments.AddRange(["--param", each.Value.ValueKind == JsonValueKind.String ? $"{each.Name}={each.Value}" : $"{each.Name}:={Json(each.Value)}"]);
            foreach (JsonProperty each in vector.GetProperty("inputs").EnumerateObject())
                arguments.AddRange(["--in", $"{each.Name}={each.Value}"]);
            foreach (JsonProperty each in vector.GetProperty("env").EnumerateObject())
                arguments.AddRange(["--env", each.Value.ValueKind == JsonValueKind.Null ? "ARROWCID_TEST_NOT_SET" : $"{each.Name}={each.Value}"]);
            // A variable that is not set has its own name.
            if (arguments.Contains("ARROWCID_TEST_NOT_SET")) arguments[arguments.IndexOf("ARROWCID_TEST_NOT_SET")] = "SEED";
            Assert.True(TextOf(vector, "cid") == Command.Run([.. arguments]).Exits(0).Text.TrimEnd(), TextOf(vector, "name"));
            Interlocked.Increment(ref count);
        });
        Assert.Equal(60, count);
    }

    [Theory]
    [InlineData("run", "--param", "argv=x", "--", "echo")]
    [InlineData("run", "--param", "x=1", "--param", "x=2", "--", "echo")]
    [InlineData("run", "--param", "x:=nope", "--", "echo")]
    [InlineData("run", "--", "/nonexistent/program")]
    [InlineData("run")]
    [InlineData("memo", "key", "--fn", "f", "--in", "x=/nonexistent")]
    public void Call_that_is_wrong_is_refused(params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        CommandResult result = Run(folder, arguments);
        Assert.True(result.ExitCode is 2 or 1, $"{result.ExitCode} {result.Errors}");
        Assert.NotEqual("", result.Errors);
    }

    /// <summary>A typed value as DAG-JSON.</summary>
    private static string Json(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Array) return $"[{string.Join(',', value.EnumerateArray().Select(Json))}]";
        if (value.ValueKind != JsonValueKind.Object) return value.GetRawText();
        JsonProperty[] members = [.. value.EnumerateObject()];
        if (members is [var only] && only.Name.StartsWith('$'))
        {
            string text = only.Value.GetString()!;
            return only.Name switch
            {
                "$int" or "$float" => text,
                "$bytes" => $$$"""{"/":{"bytes":"{{{Convert.ToBase64String(Convert.FromHexString(text)).TrimEnd('=')}}}"}}""",
                "$time" => JsonSerializer.Serialize(text.Replace(".250Z", ".25Z", StringComparison.Ordinal)),
                _ => JsonSerializer.Serialize(text),
            };
        }

        return $"{{{string.Join(',', members.Select(each => $"{JsonSerializer.Serialize(each.Name)}:{Json(each.Value)}"))}}}";
    }

    private static string TextOf(JsonElement vector, string name) => vector.GetProperty(name).GetString()!;

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) => Command.Run(arguments, null, folder.Store);
}
