using System.CommandLine;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>touch</c>: when blocks are no longer needed.</summary>
internal static class TouchVerb
{
    public static Command Make()
    {
        Option<Expiry?> expires = Verb.Expires(isRequired: true);
        Option<bool> dryRun = Verb.DryRun();
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("touch",
            "Set when blocks expire. The output is CID  expires TIME, or CID  never expires. An expired block is " +
            "stored until 'rm --expired' or 'gc' deletes it; names and pins keep it.",
            "arrowcid touch CID --expires 7d",
            "arrowcid touch @latest --expires never",
            "arrowcid touch --where 'tag.kind = \"draft\"' --expires 1h --dry-run");
        var selection = new Selection(verb, "The blocks.");
        verb.Add(expires);
        verb.Add(dryRun);
        verb.Add(store);
        verb.Add(json);
        verb.SetAction(parsed =>
        {
            using Chosen chosen = selection.Read(parsed, () => parsed.GetValue(dryRun)
                ? StoreReading.Open(parsed.GetValue(store))
                : StoreWriting.Open(parsed.GetValue(store)));
            return Run(chosen, TimeOf(parsed.GetValue(expires)!.Value), parsed.GetValue(dryRun), parsed.GetValue(json));
        });
        return verb;
    }

    private static DateTimeOffset TimeOf(Expiry expiry) => expiry.At ?? DateTimeOffset.UtcNow + expiry.After!.Value;

    private static int Run(Chosen chosen, DateTimeOffset expires, bool isDryRun, bool json)
    {
        bool isNever = expires == DateTimeOffset.MaxValue;
        if (!chosen.IsByFilter)
        {
            foreach (Cid cid in chosen.Cids) _ = BlockReference.Known(chosen.Store, cid);
        }

        if (!isDryRun) chosen.Store.Metadata.SetExpiry(chosen.Cids, isNever ? null : expires);
        using var output = Output.Open();
        foreach (Cid cid in chosen.Cids)
        {
            string words = isNever ? "never expires" : $"expires {ListVerb.Time(expires)}";
            if (!json) output.Line($"{cid}  {(isDryRun ? "would: " : "")}{words}");
            else
            {
                output.JsonLine(writer =>
                {
                    writer.WriteString("cid", cid.ToString());
                    writer.WriteString("expires", isNever ? null : ListVerb.Time(expires));
                    writer.WriteBoolean("isDryRun", isDryRun);
                });
            }
        }

        return 0;
    }
}
