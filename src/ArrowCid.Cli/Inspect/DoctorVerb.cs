using System.CommandLine;
using ArrowCid.Storage;

namespace ArrowCid.Cli.Inspect;

/// <summary><c>doctor</c>: what is wrong with a store, and what can be done.</summary>
internal static class DoctorVerb
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    public static Command Make()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var fix = new Option<bool>("--fix")
        {
            Description = "Do what is safe: adopt and sweep what dead processes left, rebuild what is of another " +
                "boot, rebuild indexes, and quarantine damaged blocks; all that while others use the store. Where " +
                "the control file, a segment's header or a record of facts is damaged, the file is kept as bad-* and " +
                "made again of what is whole, with no other process in the store. No data is deleted.",
        };
        var verbose = new Option<bool>("--verbose")
        {
            Description = "Print a line for each note, not one for all notes of a name.",
        };
        var verb = new Verb("doctor",
            "Looks for whatever is wrong with a store: SEVERITY  NAME  PLACE  what was found; what to do. Several " +
            "notes of a name are counted in one line. Nothing is changed without --fix. Exit code 4 where an error " +
            "is left.",
            "arrowcid doctor",
            "arrowcid doctor --fix",
            "arrowcid doctor --json | jq -r .name")
        {
            fix, verbose, store, json,
        };
        verb.SetAction(parsed => Run(parsed.GetValue(store), parsed.GetValue(fix), parsed.GetValue(verbose),
            parsed.GetValue(json)));
        return verb;
    }

    private static CidStore Open(string directory, bool forWriting, out BlockStore blocks)
    {
        var store = CidStore.Open(directory,
            new CidStoreOptions { MustExist = true, ReadOnly = !forWriting, Timeout = s_patience });
        blocks = store.Blocks;
        return store;
    }

    private static int Run(string? named, bool fix, bool verbose, bool json)
    {
        string directory = Path.GetFullPath(named ?? CidStore.DefaultDirectory);
        IReadOnlyList<StoreFinding> found = StoreDoctor.Examine(directory, Open);
        using var lines = new FindingLines(json, verbose);
        if (!fix)
        {
            foreach (StoreFinding finding in found) lines.Add(finding);
            return lines.End();
        }

        try
        {
            StoreDoctor.Repair(directory, found, Open);
        }
        catch (ArrowCidException e)
        {
            // What cannot be mended is still found below.
            CommandError.Say(e.Message);
        }

        IReadOnlyList<StoreFinding> left = StoreDoctor.Examine(directory, Open);
        var remaining = left.Select(finding => (finding.Name, finding.Place)).ToHashSet();
        foreach (StoreFinding finding in found.Where(one => !remaining.Contains((one.Name, one.Place))))
            lines.Add(finding, isFixed: true);
        foreach (StoreFinding finding in left) lines.Add(finding);
        return lines.End();
    }
}
