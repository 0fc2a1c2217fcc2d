using System.CommandLine;
using System.CommandLine.Parsing;
using ArrowCid.Registry;
using ArrowCid.Signing;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>name</c>: names that point to blocks.</summary>
internal static class NameVerb
{
    private const string None = "none";

    public static Command Make()
    {
        Argument<string?> name = Verb.Optional("NAME", "The name. Default: all names are listed.");
        Argument<string?> cid = Verb.Optional("CID",
            "The block that the name shall point to. Default: the current one is shown.");
        var expected = new Option<string?>("--expected")
        {
            HelpName = "CID|none",
            Description = "The block that the name must point to before the change, or none if it must not exist; " +
                "else exit code 5.",
        };
        var history = new Option<bool>("--history")
        {
            Description = "All blocks that the name pointed to, oldest first.",
        };
        Option<DateTimeOffset?> asOf = Verb.AsOf(
            "The block that the name pointed to at a time: 2026-11-20, 2026-11-20T09:30Z, or 1h for an hour ago.");
        var remove = new Option<bool>("--remove")
        {
            Description = "Removal of the name, or of all names of a pattern 'models/*'; the blocks stay.",
        };
        var rename = new Option<bool>("--rename")
        {
            Description = "NAME gets the name that follows it; of a pattern 'a/*' all names, to 'b/*'. The history " +
                "stays with the old name.",
        };
        var copy = new Option<bool>("--copy")
        {
            Description = "The name that follows NAME points to the same block; patterns as for --rename.",
        };
        Option<bool> dryRun = Verb.DryRun();
        var list = new Option<bool>("--list") { Description = "All names, as without NAME." };
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("name",
            "Set, remove, show and list names. A list is NAME  CID  TIME, one name is CID, a history is TIME  CID. " +
            "A name points to one block; every process sees a change of it at once.",
            "arrowcid name",
            "arrowcid name latest CID",
            "arrowcid name latest NEW --expected OLD",
            "arrowcid name release CID --sign me.key",
            "arrowcid name latest --as-of 1h",
            "arrowcid name latest --history --json",
            "arrowcid name --rename 'models/*' 'old/*'",
            "arrowcid name --copy latest monday",
            "arrowcid name --remove 'models/*' --dry-run")
        {
            name, cid, expected, history, asOf, remove, rename, copy, dryRun, list, store, json,
        };
        var signing = new SignOptions(verb, "--sign",
            "A key file that signs the change; the statement follows the last one about the name.");
        verb.Validators.Add(result =>
        {
            if (signing.IsGiven(result) && result.GetValue(cid) is null) result.AddError("--sign goes with CID.");
        });
        verb.Validators.Add(result =>
        {
            bool moves = result.GetValue(rename) || result.GetValue(copy);
            if (moves && (result.GetValue(cid) is null || result.GetValue(rename) == result.GetValue(copy)
                || result.GetValue(expected) is not null))
            {
                result.AddError("--rename and --copy take two names, and nothing else.");
            }

            bool isMany = moves || (result.GetValue(remove) && result.GetValue(name) is { } of
                && NameBulk.IsPattern(of));
            if (result.GetValue(dryRun) && !isMany)
                result.AddError("--dry-run goes with --rename, --copy, and --remove of a pattern.");
        });
        verb.Validators.Add(result => Judge(result, result.GetValue(name) is not null, result.GetValue(cid) is not null,
            [result.GetValue(history), result.GetResult(asOf) is not null, result.GetValue(remove)],
            result.GetValue(expected) is not null, result.GetValue(list)));
        verb.SetAction(parsed =>
        {
            string? directory = parsed.GetValue(store);
            string? of = parsed.GetValue(name);
            var form = new Form(parsed.GetValue(json));
            if (of is null) return List(directory, form);
            bool isCopy = parsed.GetValue(copy), isDryRun = parsed.GetValue(dryRun);
            if (isCopy || parsed.GetValue(rename))
                return NameBulk.Move(directory, of, parsed.GetValue(cid)!, isCopy, isDryRun);
            if (parsed.GetValue(remove) && NameBulk.IsPattern(of)) return NameBulk.Remove(directory, of, isDryRun);
            if (parsed.GetValue(history)) return History(directory, of, form);
            return parsed.GetValue(cid) is null && !parsed.GetValue(remove)
                ? Show(directory, of, parsed.GetValue(asOf), form)
                : Change(directory, of, parsed.GetValue(cid), parsed.GetValue(expected), form, signing, parsed);
        });
        return verb;
    }

    private static void Judge(CommandResult result, bool isNamed, bool isSet, bool[] forms, bool isSwap, bool isList)
    {
        int asked = forms.Count(form => form) + (isSet ? 1 : 0);
        if (asked > 1) result.AddError("Give only one of CID, --history, --as-of and --remove.");
        else if (!isNamed && (asked > 0 || isSwap)) result.AddError("Give a name.");
        else if (isNamed && isList) result.AddError("--list shows all names; leave NAME out.");
        else if (isSwap && !isSet && !forms[2]) result.AddError("--expected goes with CID or --remove.");
    }

    private static int List(string? directory, Form form)
    {
        using CidStore store = StoreReading.Open(directory);
        using var output = Output.Open();
        foreach (NameChange change in store.Names.List()) form.Print(output, change);
        return 0;
    }

    private static int Show(string? directory, string name, DateTimeOffset? asOf, Form form)
    {
        using CidStore store = StoreReading.Open(directory);
        Cid? cid = store.Names.Resolve(name, asOf);
        if (cid is null)
        {
            throw asOf is null ? BlockReference.NoName(name, store) : new ArrowCidException(ErrorCode.NameNotFound,
                $"the name '{name}' stood for nothing at {ListVerb.Time(asOf.Value)}; --history shows when it did");
        }

        using var output = Output.Open();
        if (!form.IsJson) output.Line(cid.Value.ToString());
        else
        {
            output.JsonLine(writer =>
            {
                writer.WriteString("name", name);
                writer.WriteString("cid", cid.Value.ToString());
            });
        }

        return 0;
    }

    private static int History(string? directory, string name, Form form)
    {
        using CidStore store = StoreReading.Open(directory);
        IReadOnlyList<NameChange> changes = store.Names.GetHistory(name);
        if (changes.Count == 0) throw BlockReference.NoName(name, store);
        using var output = Output.Open();
        foreach (NameChange change in changes) form.PrintPast(output, change);
        return 0;
    }

    private static int Change(string? directory, string name, string? to, string? expected, Form form,
        SignOptions signing, ParseResult parsed)
    {
        using SigningKey? key = signing.Key(parsed);
        using CidStore store = StoreWriting.Open(directory);
        Cid? cid = to is null ? null : BlockReference.Resolve(store, to);
        NameChange change;
        if (expected is not null)
        {
            Cid? before = expected == None ? null : BlockReference.Resolve(store, expected);
            change = key is null ? store.Names.Set(name, cid, before)
                : store.Signatures.SetName(name, cid!.Value, before, key, signing.Says(parsed)).Change;
        }
        else if (cid is { } set)
        {
            change = key is null ? store.Names.Set(name, set)
                : store.Signatures.SetName(name, set, key, signing.Says(parsed)).Change;
        }
        else
        {
            if (!store.Names.Remove(name)) throw BlockReference.NoName(name, store);
            return 0;
        }

        using var output = Output.Open();
        if (change.Cid is not null) form.Print(output, change);
        return 0;
    }

    /// <summary>How changes are printed.</summary>
    private sealed record Form(bool IsJson)
    {
        public void Print(Output output, NameChange change)
        {
            if (IsJson) PrintJson(output, change);
            else output.Line($"{CommandError.Visible(change.Name)}  {change.Cid}  {ListVerb.Time(change.Time)}");
        }

        public void PrintPast(Output output, NameChange change)
        {
            if (IsJson) PrintJson(output, change);
            else
            {
                string end = change.IsConflict ? "  conflict" : "";
                output.Line($"{ListVerb.Time(change.Time)}  {change.Cid?.ToString() ?? "removed"}{end}");
            }
        }

        private static void PrintJson(Output output, NameChange change) => output.JsonLine(writer =>
        {
            writer.WriteString("name", change.Name);
            writer.WriteString("cid", change.Cid?.ToString());
            writer.WriteString("time", ListVerb.Time(change.Time));
            writer.WriteString("writer", change.Writer.ToString());
            writer.WriteBoolean("isConflict", change.IsConflict);
        });
    }
}
