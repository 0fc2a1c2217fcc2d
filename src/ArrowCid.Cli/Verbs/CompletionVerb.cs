using System.CommandLine;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>completion</c>: scripts by which shells complete command lines.</summary>
internal static class CompletionVerb
{
    /// <summary>The first word of the lines by which the scripts ask for candidates.</summary>
    public const string Complete = "__complete";

    // The words come from the line, because bash splits words at '=', ':' and '@'; it replaces what follows the
    // last '=' or ':', and a leading '@' with it.
    private const string Bash = """
        # bash completion of arrowcid: source <(arrowcid completion bash)
        _arrowcid() {
          local line=${COMP_LINE:0:COMP_POINT} current=${COMP_WORDS[COMP_CWORD]} words word candidate
          read -ra words <<< "$line"
          [[ $line == *[[:space:]] ]] && words+=('')
          while (( ${#words[@]} > 1 )) && [[ ${words[0]} != "${COMP_WORDS[0]}" ]]; do words=("${words[@]:1}"); done
          word=${words[${#words[@]}-1]}
          [[ $current == [=:] ]] && current=
          [[ $word == *"$current" ]] || current=$word
          [[ $word == *@"$current" ]] && current=@$current
          local skip=$(( ${#word} - ${#current} ))
          COMPREPLY=()
          while IFS=$'\t' read -r candidate _; do
            COMPREPLY+=("${candidate:skip}")
          done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
          if [[ ${#COMPREPLY[@]} -eq 1 && ( ${COMPREPLY[0]} == *= || ${COMPREPLY[0]} == *. ) ]]; then
            compopt -o nospace 2>/dev/null
          fi
          return 0
        }
        complete -o default -F _arrowcid arrowcid
        """;

    private const string Zsh = """
        #compdef arrowcid
        # zsh completion of arrowcid: source <(arrowcid completion zsh), or a file _arrowcid in a directory of $fpath
        _arrowcid() {
          local -a candidates
          local line
          for line in "${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
            [[ -n $line ]] && candidates+=("${line%%$'\t'*}")
          done
          if (( ${#candidates} )); then
            compadd -- "${candidates[@]}"
          else
            _files
          fi
        }
        if [[ ${funcstack[1]} == _arrowcid ]]; then
          _arrowcid "$@"
        else
          compdef _arrowcid arrowcid
        fi
        """;

    private const string Fish = """
        # fish completion of arrowcid: arrowcid completion fish | source
        function __arrowcid_complete
            set -l words (commandline --tokenize --cut-at-cursor --current-process)
            set -l program $words[1]
            set -e words[1]
            set -l current (commandline --current-token --cut-at-cursor)
            command $program __complete $words "$current" 2>/dev/null
        end
        complete --command arrowcid --arguments '(__arrowcid_complete)'
        """;

    private static readonly Dictionary<string, string> s_scripts =
        new(StringComparer.Ordinal) { ["bash"] = Bash, ["zsh"] = Zsh, ["fish"] = Fish };

    public static Command Make()
    {
        var shell = new Argument<string>("SHELL") { Description = "The shell: bash, zsh or fish." };
        shell.AcceptOnlyFromAmong([.. s_scripts.Keys]);
        var verb = new Verb("completion",
            "Print a script that completes command lines in a shell. It completes verbs, options, their values, " +
            "names and CIDs. Source it in the start file of the shell.",
            "source <(arrowcid completion bash)",
            "arrowcid completion zsh > ~/.zfunc/_arrowcid",
            "arrowcid completion fish > ~/.config/fish/completions/arrowcid.fish")
        {
            shell,
        };
        verb.SetAction(parsed =>
        {
            using var output = Output.Open();
            output.Line(s_scripts[parsed.GetValue(shell)!]);
            return 0;
        });
        return verb;
    }

    /// <summary>Prints the candidates for the last word, one per line: WORD, a tab and a description.</summary>
    /// <param name="words">The words after the command's name.</param>
    /// <returns>The exit code.</returns>
    public static int Print(string[] words)
    {
        using var output = Output.Open();
        foreach ((string word, string description) in Completion.For(words))
            output.Line($"{CommandError.Visible(word)}\t{CommandError.Visible(description)}");
        return 0;
    }
}
