namespace ArrowCid.ProcessTests.Cli;

/// <summary><c>completion</c>: the candidates, and the scripts in real shells.</summary>
public class CompletionTests
{
    [ProgramFact("bash")]
    public void Bash_completes_verbs_options_values_and_names()
    {
        using var folder = new TemporaryFolder();
        Command.Run(["put", Command.Sample, "--name", "latest"], null, folder.Store).Exits(0);
        string cid = Command.Run(["name", "latest"], null, folder.Store).Succeeds().Text.Trim();
        string program = folder.Write("arrowcid", System.Text.Encoding.UTF8.GetBytes($"#!/bin/sh\nexec dotnet {Command.Dll} \"$@\"\n"));
        if (OperatingSystem.IsLinux()) File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        // Each case: the line, the word at the cursor as bash splits it, and what bash inserts for that word.
        (string Line, string Word, string[] Expected)[] cases =
        [
            ("arrowcid un", "un", ["unpin"]),
            ("arrowcid maintain co", "co", ["compact"]),
            ("arrowcid help ve", "ve", ["verify", "version"]),
            ("arrowcid ls --da", "--da", ["--datasets"]),
            ("arrowcid cat x --format ", "", ["csv", "json", "table"]),
            ("arrowcid cat x --format=t", "t", ["table"]),
            ("arrowcid cat x --format=", "=", ["csv", "json", "table"]),
            ("arrowcid stats --by pro", "pro", ["producer"]),
            ("arrowcid name la", "la", ["latest"]),
            ("arrowcid cat @la", "@la", ["@latest"]),
            ("arrowcid cat @la", "la", ["@latest"]),
            ("arrowcid put x --parent=@la", "la", ["@latest"]),
            ($"arrowcid cat --store {folder.Store} {cid[..12]}", cid[..12], [cid]),
            ("arrowcid cat --store /nowhere/at/all @", "@", []),
            ("arrowcid put fil", "fil", []),
            ("LC_ALL=C arrowcid completion z", "z", ["zsh"]),
        ];
        string script = "source <(arrowcid completion bash)\n" + string.Concat(cases.Select(each =>
            $"COMP_LINE='{each.Line}' COMP_POINT={each.Line.Length} COMP_WORDS=(arrowcid '{each.Word}') COMP_CWORD=1\n" +
            "_arrowcid; printf '%s ' \"${COMPREPLY[@]}\"; echo\n"));
        CommandResult result = Command.Program("env", $"PATH={folder.Name}:{Environment.GetEnvironmentVariable("PATH")}",
            $"ARROWCID_STORE={folder.Store}", "bash", "--norc", "-c", script).Exits(0);
        string[] lines = result.Text.Split('\n');
        for (int i = 0; i < cases.Length; i++)
        {
            string[] found = lines[i].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Assert.True(cases[i].Expected.SequenceEqual(found.Order(StringComparer.Ordinal)),
                $"{cases[i].Line}: {lines[i]}\n{result.Errors}");
        }
    }

    [ProgramFact("bash")]
    public void Bash_script_registers_a_completion() => Assert.Contains("-F _arrowcid arrowcid",
        Command.Shell("\"$@\" completion bash > /dev/null && bash --norc -c \"$(\"$@\" completion bash)\n complete -p arrowcid\"")
            .Exits(0).Text, StringComparison.Ordinal);

    [ProgramFact("zsh")]
    public void Zsh_script_has_no_syntax_error() => Command.Shell("\"$@\" completion zsh | zsh -n").Exits(0);

    [ProgramFact("fish")]
    public void Fish_script_has_no_syntax_error() => Command.Shell("\"$@\" completion fish | fish --no-execute").Exits(0);

    [Theory]
    [InlineData("zsh", "#compdef arrowcid", "_arrowcid()")]
    [InlineData("fish", "function __arrowcid_complete", "complete --command arrowcid")]
    public void Scripts_of_other_shells_ask_the_command(string shell, params string[] parts)
    {
        string script = Command.Run("completion", shell).Succeeds().Text;
        Assert.All(parts.Append("__complete"), part => Assert.Contains(part, script, StringComparison.Ordinal));
        foreach ((char open, char close) in new[] { ('{', '}'), ('(', ')'), ('[', ']') })
            Assert.Equal(script.Count(c => c == open), script.Count(c => c == close));
    }

    [Fact]
    public void Completion_refuses_an_unknown_shell() => Command.Run("completion", "tcsh").Exits(2);
}
