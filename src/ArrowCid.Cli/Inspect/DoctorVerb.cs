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
            Description = "Safe repairs: files of dead processes are adopted or deleted, files of another boot " +
                "and indexes are rebuilt, and damaged blocks are quarantined, while other processes use the " +
                "store. A damaged control file, segment header or metadata record is kept as bad-* and rebuilt " +
                "from the intact parts; no other process may use the store then. No data is deleted.",
        };
        var verbose = new Option<bool>("--verbose")
        {
            Description = "One line per note. Default: one line per name.",
        };
        var verb = new Verb("doctor",
            "Find faults of a store, and repair them with --fix. The output is SEVERITY  NAME  PLACE, the finding " +
            "and the remedy. Notes of the same name are counted in one line. Exit code 4 if an error is left.",
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
            new CidStoreOptions { CreateIfMissing = false, ReadOnly = !forWriting, Timeout = s_patience });
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
            // Damage that cannot be repaired is still reported below.
            CommandError.Say(Advice.Of(e));
        }

        IReadOnlyList<StoreFinding> left = StoreDoctor.Examine(directory, Open);
        var remaining = left.Select(finding => (finding.Name, finding.Place)).ToHashSet();
        foreach (StoreFinding finding in found.Where(one => !remaining.Contains((one.Name, one.Place))))
            lines.Add(finding, isFixed: true);
        foreach (StoreFinding finding in left) lines.Add(finding);
        return lines.End();
    }
}
