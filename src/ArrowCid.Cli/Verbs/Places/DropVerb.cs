using System.CommandLine;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>drop</c>: removes one copy of several.</summary>
internal static class DropVerb
{
    public static Command Make()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        Option<bool> dryRun = Verb.DryRun();
        Option<bool> force = Verb.Force("Removes blocks although no other copy was proved, or although the place " +
            "cannot be locked, such as a bucket.");
        var from = new Option<string>("--from")
        {
            HelpName = "PLACE",
            Description = "The place to remove them from; here is the store itself.",
            DefaultValueFactory = _ => BlockPlace.Here,
        };
        var verb = new Verb("drop",
            "Remove a copy of blocks, once another one is proved. The other copy is read and hashed. Of a dataset " +
            "the copies are those of its batches. Names and metadata stay, and a read goes to the other copy. The " +
            "output is CID  removed, or CID  kept: and the reason; then the exit code is 5. A pin or a running " +
            "process that holds a block keeps it here.",
            "arrowcid drop @prices --dry-run",
            "arrowcid drop CID --from cold --force");
        var selection = new Selection(verb, "The blocks to remove.");
        foreach (Option option in (Option[])[from, force, dryRun, store, json]) verb.Add(option);
        verb.SetAction(parsed =>
        {
            bool isDryRun = parsed.GetValue(dryRun);
            using Chosen chosen = selection.Read(parsed, () => isDryRun
                ? StoreReading.Open(parsed.GetValue(store))
                : StoreWriting.Open(parsed.GetValue(store)));
            RemoveResult result = chosen.Store.Places.Drop(chosen.Cids, new DropOptions
            {
                From = parsed.GetValue(from)!,
                Force = parsed.GetValue(force),
                DryRun = isDryRun,
            });
            return RemoveVerb.Report(result, isAsked: !chosen.IsByFilter, parsed.GetValue(json));
        });
        return verb;
    }
}
