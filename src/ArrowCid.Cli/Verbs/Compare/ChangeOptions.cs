using System.CommandLine;
using System.CommandLine.Parsing;
using System.ComponentModel;
using System.Diagnostics;
using ArrowCid.Columnar;
using ArrowCid.Transfer;

namespace ArrowCid.Cli.Verbs;

/// <summary>The options of <c>put</c> that compare what is put with what the name points to.</summary>
internal sealed class ChangeOptions
{
    private const string None = "none";

    private readonly Option<bool> _ifChanged = new("--if-changed")
    {
        Description = "Nothing is stored if the values are those that the name points to already, whatever their " +
            "encoding; the output is CID  unchanged  NAME.",
    };

    private readonly Option<string?> _onChange = new("--on-change")
    {
        HelpName = "COMMAND",
        Description = "A command for the shell that runs when the name has changed. Its arguments are the old CID, " +
            "or none, and the new one; its standard input is an Arrow stream of the rows that differ, as of 'diff -o'.",
    };

    private readonly Option<string?> _key = new("--key")
    {
        HelpName = "COL[,COL]",
        Description = "With --on-change, the columns that identify a row.",
    };

    public void AddTo(Verb verb)
    {
        verb.Add(_ifChanged);
        verb.Add(_onChange);
        verb.Add(_key);
        verb.Validators.Add(result =>
        {
            bool isChange = result.GetValue(_onChange) is not null;
            if (result.GetValue(_key) is not null && !isChange) result.AddError("--key goes with --on-change.");
            if (!isChange && !result.GetValue(_ifChanged)) return;
            if (result.GetResult("--name") is null && result.GetResult("--dataset") is null)
                result.AddError("--if-changed and --on-change go with --name or --dataset.");
            foreach (string other in (string[])["--append", "--dataset-per", "--as"])
            {
                if (result.GetResult(other) is OptionResult { Implicit: false })
                    result.AddError($"--if-changed and --on-change do not go with {other}.");
            }
        });
    }

    /// <summary>Whether one of the options is given.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_ifChanged) || parsed.GetValue(_onChange) is not null;

    /// <summary>Whether files have the values that a name points to.</summary>
    /// <param name="parsed">The options.</param>
    /// <param name="store">The store.</param>
    /// <param name="old">What the name points to; null for nothing.</param>
    /// <param name="files">The files.</param>
    /// <param name="read">Reads the batches of a file.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: a file can be read once
    /// only.</exception>
    public bool IsUnchanged(ParseResult parsed, CidStore store, Cid? old, string[] files,
        Func<string, IEnumerable<RecordBatch>> read)
    {
        if (!parsed.GetValue(_ifChanged)) return false;
        if (Array.Find(files, file => !File.Exists(file) || !OutputPath.IsRegularFile(file)) is { } once)
            throw new ArrowCidException(ErrorCode.InvalidArgument, $"--if-changed reads a file twice, and not {once}");
        if (old is not { } cid) return false;
        DataComparison found = DataComparison.Between(ExportRows.PartsOf(store, cid),
            files.SelectMany(read).Select(DiffPart.Of));
        return found.Difference is null;
    }

    /// <summary>Runs the command, if the name has changed.</summary>
    /// <returns>The exit code of the command; 0 where it did not run.</returns>
    public int Run(ParseResult parsed, CidStore store, string name, Cid? old)
    {
        if (parsed.GetValue(_onChange) is not { } command) return 0;
        if (store.Names.Resolve(name) is not { } cid || cid == old) return 0;
        var start = new ProcessStartInfo("/bin/sh",
            ["-c", $"{command} \"$@\"", "sh", old?.ToString() ?? None, cid.ToString()])
        {
            RedirectStandardInput = true,
        };
        string[] key = parsed.GetValue(_key)?.Split(',') ?? [];
        try
        {
            using Process process = Process.Start(start)!;
            try
            {
                DiffVerb.WriteArrow(process.StandardInput.BaseStream, key, report =>
                {
                    var diff = new BatchDiff(report);
                    IEnumerable<DiffPart> before = old is { } past ? ExportRows.PartsOf(store, past) : [];
                    if (key.Length > 0) diff.ByKey(before, ExportRows.PartsOf(store, cid), key);
                    else diff.ByPosition(before, ExportRows.PartsOf(store, cid));
                });
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // The command does not read all of it.
            }

            process.WaitForExit();
            if (process.ExitCode != 0) CommandError.Say($"--on-change: '{command}' ended with {process.ExitCode}");
            return process.ExitCode;
        }
        catch (Win32Exception e)
        {
            throw new ArrowCidException(ErrorCode.Io, $"--on-change: /bin/sh does not run: {e.Message}", e);
        }
    }
}
