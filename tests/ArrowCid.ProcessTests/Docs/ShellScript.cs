using System.Text;
using System.Text.RegularExpressions;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.Tests.House;

namespace ArrowCid.ProcessTests.Docs;

/// <summary>A block for the shell as a script that says in its output where each command begins.</summary>
internal sealed partial class ShellScript
{
    /// <summary>A command that another test runs, because it builds, installs or goes on for long, and that test.</summary>
    private static readonly Dictionary<string, string> s_covered = new(StringComparer.Ordinal)
    {
        ["bash tests/run"] = "CommandTests.The_test_command_is_the_same_everywhere",
        ["dotnet run --project src/ArrowCid.Cli -c Release -- demo"] = "DemoTests.It_runs_in_64_MB_of_shared_memory",
        ["arrowcid demo"] = "DemoTests.It_runs_in_64_MB_of_shared_memory",
        ["dotnet pack ArrowCid.sln -o .artifacts/packages"] =
            "PackageTests.Pack_of_the_solution_gives_exactly_the_packages_and_their_symbols",
        ["dotnet tool install --global ArrowCid.Tool"] = "PackageTests.Tool_installs_from_its_package_and_hashes_a_batch",
        ["dotnet tool install --global ArrowCid.Tool --add-source .artifacts/packages"] =
            "PackageTests.Tool_installs_from_its_package_and_hashes_a_batch",
        ["dotnet add package ArrowCid --source \"$PWD/.artifacts/packages\""] =
            "PackageTests.Program_with_the_library_package_puts_a_batch_and_reads_it_back",
        ["dotnet run samples/shared-memory/csharp/producer.cs"] =
            "SampleTests.A_consumer_computes_on_what_a_producer_put_into_shared_memory",
        ["dotnet run samples/shared-memory/csharp/consumer.cs"] =
            "SampleTests.A_consumer_computes_on_what_a_producer_put_into_shared_memory",
        ["dotnet run samples/index/indexer.cs"] = "SampleTests.A_verifier_finds_and_proves_what_an_indexer_put",
        ["dotnet run samples/index/verifier.cs"] = "SampleTests.A_verifier_finds_and_proves_what_an_indexer_put",
        ["dotnet run samples/many-processes/many.cs"] = "SampleTests.Many_processes_write_and_one_of_them_dies",
        ["dotnet run samples/flight/fetch.cs"] = "SampleTests.Stock_Flight_client_puts_fetches_and_lists_when_it_has_the_token",
        ["dotnet run samples/flight/fetch.cs grpc://127.0.0.1:8815 $TOKEN"] =
            "SampleTests.Stock_Flight_client_puts_fetches_and_lists_when_it_has_the_token",
        ["npm install --prefix samples/flight"] = "FlightClientTests.The_sample_does_what_it_says",
        ["node samples/flight/fetch.mjs grpc://127.0.0.1:8815 $TOKEN"] = "FlightClientTests.The_sample_does_what_it_says",
        ["npm pack ./interop/node/flight && npm install arrowcid-flight-0.1.0.tgz apache-arrow"] =
            "FlightClientTests.A_client_puts_the_flights_under_their_CID_calls_all_there_is_and_watches_on_after_a_restart",
        ["interop/build"] = "CLibraryTests.The_program_finds_everything_as_the_header_says",
        ["interop/build --static"] =
            "BuiltLibraryTests.Program_linked_with_the_static_library_finds_everything_as_the_header_says",
        ["cc -I .artifacts/native/static program.c .artifacts/native/static/libarrowcid.a -lpthread -ldl -lrt -lm"] =
            "BuiltLibraryTests.Program_linked_with_the_static_library_finds_everything_as_the_header_says",
        ["interop/build --arch arm64"] = "BuiltLibraryTests.Program_for_arm64_finds_everything_as_the_header_says",
        ["interop/node/pack FOLDER"] = "NodeTests.The_package_has_the_library_the_types_and_nothing_that_is_not_needed",
        ["npm install FOLDER/arrowcid-0.1.0.tgz apache-arrow"] = "NodeTests.The_packages_own_tests_pass",
        ["pip install interop/python"] = "PythonTests.The_packages_own_tests_pass_with_pyarrow_and_numpy",
        ["cargo test --manifest-path interop/rust/Cargo.toml"] = "RustTests.The_crates_own_tests_pass",
        ["python3 python/consumer.py /dev/shm/prices"] = "PythonTests.The_packages_own_tests_pass_with_pyarrow_and_numpy",
        ["python3 python/producer.py /dev/shm/prices"] = "PythonTests.The_packages_own_tests_pass_with_pyarrow_and_numpy",
    };

    /// <summary>A command that goes on until it is ended, and a line of its output after which that is done.</summary>
    private static readonly Dictionary<string, string> s_endless = new(StringComparer.Ordinal)
    {
        ["arrowcid serve"] = "^http ",
        ["python3 -m http.server 8000 --directory src/ArrowCid.Server/Explorer/built"] = "^Serving HTTP",
    };

    private readonly CodeBlock _block;
    private readonly string[] _cids;
    private readonly List<(int Line, string Command, List<string> Output)> _commands = [];

    public ShellScript(CodeBlock block)
    {
        _block = block;
        _cids = [.. Cid().Matches(File.ReadAllText(Repository.PathOf(block.Document))).Select(match => match.Value)
            .Where(cid => cid.Length == CidLength)];
        string[] lines = block.Text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            int line = i;
            bool isCommand = lines[i].StartsWith("$ ", StringComparison.Ordinal);
            if (!isCommand && block.Language == "console")
            {
                if (_commands.Count > 0) _commands[^1].Output.Add(lines[i]);
                continue;
            }

            string command = isCommand ? lines[i][2..] : lines[i];
            while (command.EndsWith('\\')) command = $"{command[..^1]}{lines[++i].TrimStart()}";
            _commands.Add((block.Line + 1 + line, command, []));
        }
    }

    /// <summary>The commands that other tests run, each with the test's name.</summary>
    public static IReadOnlyDictionary<string, string> Covered => s_covered;

    /// <summary>The commands of the block, without comments.</summary>
    public IEnumerable<string> Commands => _commands.Select(each => WithoutComment(each.Command));

    /// <summary>Runs the block, and asserts that each command succeeds and prints what the block shows.</summary>
    public void Run(BlockWorld world)
    {
        var script = new StringBuilder(Functions);
        foreach ((int line, string command, List<string> output) in _commands)
        {
            string plain = WithoutComment(command);
            if (s_covered.ContainsKey(plain)) continue;
            script.Append($"echo '{Mark}{line}'\n");
            // A port that another server may have is no port for a test; a sample's README is read in its folder.
            string local = Short().Replace(world.Localize(command).Replace("8000", "0", StringComparison.Ordinal)
                .Replace(" zero_copy.py", $" {Command.Root}/samples/zero-copy/zero_copy.py", StringComparison.Ordinal), match =>
                _cids.First(cid => cid.StartsWith(match.Value[..^1], StringComparison.Ordinal)));
            script.Append(s_endless.TryGetValue(plain, out string? until) ? $"until_line '{until}' {local}\n" : $"{local}\n");
        }

        CommandResult result = world.Run(null, "bash", "-c", $"{script}");
        string[] parts = result.Text.Split(Mark, StringSplitOptions.RemoveEmptyEntries);
        string last = parts.Length == 0 ? "" : parts[^1].Split('\n')[0];
        Assert.True(result.ExitCode == 0, $"{_block.Document}:{last}: exit code {result.ExitCode}\n{parts.LastOrDefault()}\n{result.Errors}");
        foreach ((int line, _, List<string> output) in _commands)
        {
            string printed = parts.FirstOrDefault(part => part.StartsWith($"{line}\n", StringComparison.Ordinal)) ?? "";
            foreach (string shown in output)
                Assert.True(PatternOf(shown).IsMatch(printed), $"{_block.Document}:{line} does not print '{shown}' but:\n{printed}");
        }
    }

    private const string Mark = "@@line ";

    private const int CidLength = 59;

    private const string Functions = """
        set -eu -o pipefail
        until_line() {
          local pattern=$1 line found=
          shift
          exec 7< <(exec "$@" 2>&1)
          local process=$!
          while read -r line <&7; do
            echo "$line"
            if [[ $line =~ $pattern ]]; then found=yes; break; fi
          done
          kill -TERM "$process" || true
          cat <&7 >/dev/null
          [ -n "$found" ]
        }

        """;

    private static string WithoutComment(string command) => Comment().Replace(command, "");

    /// <summary>What a shown line must match: numbers and CIDs are those of another run.</summary>
    private static Regex PatternOf(string shown)
    {
        string pattern = Regex.Escape(WithoutComment(shown).Trim());
        pattern = Varying().Replace(pattern, match =>
            match.Value.StartsWith("baf", StringComparison.Ordinal) ? "baf[a-z2-7]+" : "[0-9,.]+");
        return new Regex(pattern.Replace("…", ".*", StringComparison.Ordinal).Replace("\\ ", "\\s+", StringComparison.Ordinal)
            .Replace("\\s+\\s+", "\\s+", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\s+# .*$")]
    private static partial Regex Comment();

    [GeneratedRegex("baf[a-z2-7]+…")]
    private static partial Regex Short();

    [GeneratedRegex("baf[a-z2-7]+…?")]
    private static partial Regex Cid();

    [GeneratedRegex(@"baf[a-z2-7]+…?|[0-9]+((,|\\\.)[0-9]+)*")]
    private static partial Regex Varying();
}
