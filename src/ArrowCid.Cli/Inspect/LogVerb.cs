using System.CommandLine;
using ArrowCid.Cli.Verbs;
using ArrowCid.Storage;

namespace ArrowCid.Cli.Inspect;

/// <summary><c>log</c>: the records of a store as they lie in its files.</summary>
internal static class LogVerb
{
    public static Command Make()
    {
        var verb = new Verb("log",
            "Show or check the log of a store, or who changed it.",
            "arrowcid log dump",
            "arrowcid log check",
            "arrowcid log audit")
        {
            MakeDump(), MakeCheck(), LogAudit.Make(),
        };
        return verb;
    }

    private static Verb MakeDump()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        Option<int?> lane = LaneOption();
        var hex = new Option<bool>("--hex") { Description = "Also the bytes of each record." };
        var from = new Option<string?>("--from")
        {
            HelpName = "WHERE",
            Description = "The start: a cursor from 'arrowcid watch --json' (the records after it), or LANE-NUMBER.",
        };
        from.Validators.Add(result =>
        {
            if (!LogFrom.TryParse(result.GetValueOrDefault<string?>(), out _))
                result.AddError("--from takes a cursor that 'arrowcid watch --json' printed, or LANE-NUMBER as 0-17.");
        });
        var verb = new Verb("dump",
            "Print every record of every segment, lane by lane. The output is LANE-NUMBER  STATE  KIND  CID  BYTES  " +
            "ROWS  SEGMENT+OFFSET. STATE is ok, beyond (complete, after the committed end), left (bytes of an older " +
            "record), unlinked (it does not follow the record before it) or damaged (bytes that hold no record).",
            "arrowcid log dump",
            "arrowcid log dump --from 0-17 --hex",
            "arrowcid log dump --lane 0 --json")
        {
            from, lane, hex, store, json,
        };
        verb.SetAction(parsed =>
        {
            _ = LogFrom.TryParse(parsed.GetValue(from), out LogFrom begin);
            return LogDump.Run(parsed.GetValue(store), begin, parsed.GetValue(lane), parsed.GetValue(hex),
                parsed.GetValue(json));
        });
        return verb;
    }

    private static Verb MakeCheck()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        Option<int?> lane = LaneOption();
        var bySeals = new Option<bool>("--sealed")
        {
            Description = "A comparison with the seals of 'arrowcid seal': any later edit of history shows.",
        };
        var signers = new Option<string[]>("--signer")
        {
            HelpName = "KEY",
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
            Description = "A key whose seals count, as file or id; may be given several times. Default: all keys.",
        };
        var verb = new Verb("check",
            "Check every record of every segment. It checks checksums, links and numbers, hashes the contents, and " +
            "looks every block up in the index. The output has one line per fault; exit code 4 if there is one. With " +
            "--sealed, the log is compared with its seals instead, and the exit code is 3 if there is no seal.",
            "arrowcid log check",
            "arrowcid log check --sealed --signer store.pub",
            "arrowcid log check --json --lane 0")
        {
            lane, bySeals, signers, store, json,
        };
        verb.Validators.Add(result =>
        {
            if (result.GetResult(signers) is not null && !result.GetValue(bySeals))
                result.AddError("--signer goes with --sealed.");
            if (result.GetResult(lane) is not null && result.GetValue(bySeals))
                result.AddError("--sealed compares all lanes.");
        });
        verb.SetAction(parsed => parsed.GetValue(bySeals)
            ? LogSealed.Run(parsed.GetValue(store), parsed.GetValue(signers) ?? [], parsed.GetValue(json))
            : Check(parsed.GetValue(store), parsed.GetValue(lane), parsed.GetValue(json)));
        return verb;
    }

    private static Option<int?> LaneOption() => Verb.Number("--lane", 0, "One lane alone. Default: all.");

    private static int Check(string? directory, int? lane, bool json)
    {
        using CidStore store = StoreReading.Open(directory);
        using var findings = new FindingLines(json, all: true);
        foreach (StoreFinding finding in store.Blocks.Examination.CheckLog(lane)) findings.Add(finding);
        return findings.End();
    }
}
